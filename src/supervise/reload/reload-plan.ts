import type { Jail } from '../../config/jail.js';
import { causesOf, isSameByAnotherName } from './causes.js';
import type { ReloadChange } from '../operations.js';

/** A jail as it is now, for comparing. */
export interface Present {
  /** What runs, else what the files said before. */
  readonly jail: Jail;
  /** It is up, or on its way there. */
  readonly runs: boolean;
}

/** What new files mean for each jail; those that stay as they are do not appear. */
export function compareJails(
  present: ReadonlyMap<string, Present>,
  next: readonly Jail[],
): readonly ReloadChange[] {
  const named = new Set(next.map((jail) => jail.name));
  const fresh = next.filter((jail) => !present.has(jail.name));
  const removed = [...present.values()].filter(({ jail }) => !named.has(jail.name));
  const former = formerNames(fresh, removed);
  const changes = next.flatMap((jail): ReloadChange[] => {
    const before = present.get(jail.name);
    return before === undefined ? [added(jail, former.get(jail.name))] : changed(before, jail);
  });
  const later = new Map([...former].map(([name, old]) => [old, name]));
  return [...changes, ...removed.map((one) => gone(one, later.get(one.jail.name)))];
}

const nothing = { parameters: [], causes: [] } as const;

function added({ name }: Jail, renamed: string | undefined): ReloadChange {
  return { jail: name, change: 'new', runs: false, ...nothing, ...(renamed !== undefined && { renamed }) };
}

function gone({ jail, runs }: Present, renamed: string | undefined): ReloadChange {
  return { jail: jail.name, change: 'removed', runs, ...nothing, ...(renamed !== undefined && { renamed }) };
}

function changed({ jail: before, runs }: Present, jail: Jail): ReloadChange[] {
  const causes = causesOf(before, jail);
  if (causes.length === 0) return [];
  const restarts = runs && causes.some(({ restart }) => restart !== null);
  const parameters = causes.map(({ parameter }) => parameter);
  return [{ jail: jail.name, change: restarts ? 'restart' : 'live', runs, parameters, causes }];
}

/** New jails that say what one says that is gone: each is that one under another name, it seems. */
function formerNames(fresh: readonly Jail[], removed: readonly Present[]): ReadonlyMap<string, string> {
  const left = new Map(removed.map(({ jail }) => [jail.name, jail]));
  const found = new Map<string, string>();
  for (const jail of fresh) {
    const former = [...left.values()].find((one) => isSameByAnotherName(one, jail));
    if (former === undefined) continue;
    left.delete(former.name);
    found.set(jail.name, former.name);
  }
  return found;
}
