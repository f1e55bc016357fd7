import type { Span } from '../../config/diagnostic.js';
import type { Jail } from '../../config/jail.js';
import { findParam, groups, isParamName } from '../../config/params.js';
import { changedParameters, fixedParameters } from './differences.js';

/** One parameter that new files give another value. */
export interface ReloadCause {
  readonly parameter: string;
  /** The values as they are written; null where it is not. */
  readonly before: string | null;
  readonly after: string | null;
  /** Where the new value is written. */
  readonly at: Span | null;
  /** Why a jail that runs has to be restarted for it; null when it can be changed as it runs. */
  readonly restart: string | null;
}

/** Why what is not live is not, by the groups of the table. */
const REASONS: Readonly<Record<keyof typeof groups, string>> = {
  'Identity and files': 'the jail is built with it',
  Commands: 'it is for the start',
  Supervision: 'it is for the start',
  Schedules: 'it is for the start',
  Limits: 'processes have it from their start',
  Network: 'its network is made with it',
  Permissions: 'processes have it from their start',
  Isolation: 'the jail is built with it',
  Log: 'its log was opened with it',
};

/** Values that are made of several parameters of a name with a dot: meta.KEY, env.KEY. */
const KEYED = { metaKeys: 'meta', envKeys: 'env' } as const;

/** Every parameter in which two definitions differ, in the order of the table. */
export function causesOf(before: Jail, after: Jail): readonly ReloadCause[] {
  const fixed = new Set(fixedParameters(before.values, after.values));
  return changedParameters(before.values, after.values).flatMap((name): readonly ReloadCause[] => {
    const restart = fixed.has(name) ? reasonFor(name) : null;
    if (name === 'metaKeys' || name === 'envKeys') return keyedCauses(name, before, after, restart);
    const at = after.origin.get(name) ?? null;
    return [{ parameter: name, before: written(before, name), after: written(after, name), at, restart }];
  });
}

function keyedCauses(
  name: keyof typeof KEYED,
  before: Jail,
  after: Jail,
  restart: string | null,
): readonly ReloadCause[] {
  const [had, has] = [before.values[name] ?? {}, after.values[name] ?? {}];
  const keys = [...new Set([...Object.keys(had), ...Object.keys(has)])];
  return keys
    .filter((key) => had[key] !== has[key])
    .map((key) => {
      const parameter = `${KEYED[name]}.${key}`;
      const at = after.origin.get(parameter) ?? null;
      return { parameter, before: had[key] ?? null, after: has[key] ?? null, at, restart };
    });
}

function reasonFor(name: string): string {
  if (name === 'envKeys') return REASONS['Identity and files'];
  if (name === 'rctl') return 'some of its rules are limits that processes have from their start';
  if (name === 'ip4.addr' || name === 'ip6.addr')
    return 'with it the jail has a network of its own, or has none';
  if (name === 'gateway') return "it is the host's address on the bridge";
  const group = Object.entries(groups).find(([, table]) => Object.hasOwn(table, name));
  // Object.entries() forgets which keys there are.
  return group === undefined ? 'the jail is built with it' : REASONS[group[0] as keyof typeof groups];
}

/** A value as its file has it; one that is from elsewhere, a file of rules say, as it is. */
function written({ params, values }: Jail, name: string): string | null {
  const value = (values as Readonly<Record<string, unknown>>)[name];
  if (value === undefined || !isParamName(name)) return null;
  for (const [spelling, strings] of params) {
    const mention = findParam(spelling);
    if (mention?.name !== name) continue;
    return strings === null ? String(!mention.negated) : strings.join(', ');
  }
  return valueText(value);
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === Infinity) return 'max';
  return JSON.stringify(value) ?? '';
}

/** Whether one jail says under its name what the other one says under its own. */
export function isSameByAnotherName(one: Jail, other: Jail): boolean {
  const neutral = ({ name, values }: Jail): string => {
    const entries = Object.entries(values)
      .filter(([parameter]) => parameter !== 'name' && parameter !== 'jid')
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return JSON.stringify(entries).replaceAll(wholeWord(name), '$NAME');
  };
  return neutral(one) === neutral(other);
}

const wholeWord = (text: string): RegExp =>
  new RegExp(`(?<![\\w-])${text.replace(/[^\w-]/g, '\\$&')}(?![\\w-])`, 'g');
