import type { Family } from '../../config/values/family.js';
import { parseFstab, type Fstab } from '../../config/fstab.js';
import type { Finding } from '../../config/finding.js';
import type { Jail } from '../../config/jail.js';
import { parameterOf, type ParamName } from '../../config/params.js';
import type { Place } from '../../config/syntax/source.js';
import type { MountEntry } from '../../config/values/mount.js';
import { PlanError } from '../error.js';
import type { HostView } from '../host-view.js';
import { mountRecords } from '../inside.js';
import type { LaunchRecord } from '../step.js';
import type { Tree } from './tree.js';

/** One line of fstab(5) that a jail has. */
export interface Mount {
  readonly entry: MountEntry;
  readonly at: Pick<Finding, 'parameter'> & { readonly element?: number; readonly place?: Place };
  /** What the jailer is told to mount, nothing for a line that means nothing, or why that cannot be. */
  readonly records: readonly LaunchRecord[] | PlanError;
}

/** An address that a jail will have. */
export interface Own {
  readonly address: string;
  /** In bits. */
  readonly prefix: number;
  readonly announceOn: string | undefined;
  readonly at: Mount['at'];
}

/** A jail as the rules look at it. */
export interface Subject {
  readonly jail: Jail;
  /** In the order in which they are done. */
  readonly mounts: readonly Mount[];
  /** The texts of `mount.fstab`, those that can be read. */
  readonly fstabs: ReadonlyMap<string, Fstab>;
  /** null where nobody can tell before the start what is inside. */
  readonly tree: Tree | null;
  /** Commands of the host that are run before the jail is built: what is missing now, they may make. */
  readonly preparations: readonly string[];
  readonly addresses: readonly Own[];
}

/** Reads what a jail names on the host. @param fstabs those that other jails have named */
export function subjectOf(jail: Jail, host: HostView, fstabs: Map<string, Fstab | null>): Subject {
  const { values } = jail;
  const own = new Map<string, Fstab>();
  for (const file of values['mount.fstab'] ?? []) {
    const text = fstabs.has(file) ? null : host.text(file);
    if (!fstabs.has(file)) fstabs.set(file, text === null ? null : parseFstab(text, file));
    const fstab = fstabs.get(file);
    if (fstab) own.set(file, fstab);
  }
  const mounts = mountsOf(jail, own);
  return {
    jail,
    mounts,
    fstabs: own,
    tree: treeOf(jail, host, mounts),
    preparations: [
      ...(values['exec.prepare'] ?? []),
      ...(values['exec.prestart'] ?? []),
      ...(values['exec.created'] ?? []),
    ],
    addresses: [...addressesOf(jail, 'ip4'), ...addressesOf(jail, 'ip6')],
  };
}

function addressesOf({ values }: Jail, family: Family): readonly Own[] {
  const parameter = `${family}.addr` as const;
  const written = values[parameter];
  if (written === undefined || values[family] === 'disable') return [];
  // A bridge and a macvlan are among the neighbours themselves.
  const isThere = values.bridge !== undefined || values.macvlan !== undefined;
  return written.map(({ address, prefix, interface: own }, element) => ({
    address,
    prefix,
    announceOn: isThere ? undefined : (own ?? values.interface),
    at: { parameter, element },
  }));
}

function mountsOf(jail: Jail, fstabs: ReadonlyMap<string, Fstab>): readonly Mount[] {
  const { values } = jail;
  if (values.path === undefined) return [];
  const read = (entry: MountEntry, at: Mount['at']): Mount => ({
    entry,
    at,
    records: recordsOf(entry, jail),
  });
  const written = (values.mount ?? []).map((entry, element) => read(entry, { parameter: 'mount', element }));
  const listed = [...fstabs.values()].flatMap(({ entries, places }) =>
    entries.map((entry, index) => {
      const place = places[index];
      return read(entry, { parameter: 'mount.fstab', ...(place && { place }) });
    }),
  );
  return [...written, ...listed];
}

function recordsOf(entry: MountEntry, jail: Jail): readonly LaunchRecord[] | PlanError {
  try {
    return mountRecords(entry, jail, null);
  } catch (error) {
    if (error instanceof PlanError) return error;
    throw error;
  }
}

/** What of a launch record is mounted where: `source` is null for what is no directory of the host. */
export function mountedBy(mount: Mount): {
  readonly source: string | null;
  readonly target: string;
  readonly options: readonly string[];
} | null {
  const [record] = mount.records instanceof PlanError ? [] : mount.records;
  const [, type, source = '', target, options = ''] = record ?? [];
  if (target === undefined) return null;
  return { source: type === 'bind' ? source : null, target: `/${target}`, options: options.split(',') };
}

function treeOf({ values }: Jail, host: HostView, mounts: readonly Mount[]): Tree | null {
  const { path, base, image } = values;
  // Of an overlay the directory is only the uppermost part.
  if (path === undefined || (base ?? []).length > 0 || image !== undefined) return null;
  if (host.stat(path).kind !== 'directory') return null;
  const system = systemMounts(values);
  return { root: path, mounts: mounts.length === 0 ? system : new Map([...mountTable(mounts), ...system]) };
}

/** Mount point inside → what is mounted there. */
export function mountTable(mounts: readonly Mount[]): Map<string, string | null> {
  const table = new Map<string, string | null>();
  for (const mount of mounts) {
    const made = mountedBy(mount);
    if (made !== null) table.set(made.target, made.source);
  }
  return table;
}

const DEV = [['/dev', null]] as const;
const PROC = [['/proc', null]] as const;
const SYS = [['/sys', null]] as const;
/** One for all the many that say nothing about it. */
export const usualMounts: ReadonlyMap<string, null> = new Map([...DEV, ...PROC, ...SYS]);

/** What a jail has mounted when its files list nothing. */
function systemMounts(values: Jail['values']): ReadonlyMap<string, null> {
  const [dev, proc] = [values['mount.devfs'] !== false, values['mount.procfs'] !== false];
  if (dev && proc) return usualMounts;
  return new Map([...(dev ? DEV : []), ...(proc ? PROC : []), ...SYS]);
}

/**
 * How bad it is that something is missing now: an error where nobody can make it before it is needed, nothing where a
 * command that runs before tells that it does.
 */
export function absence({ preparations }: Subject, thing: string): Finding['severity'] | null {
  if (preparations.length === 0) return 'error';
  return preparations.some((command) => command.includes(thing)) ? null : 'warning';
}

/** A finding about a parameter; of one that does nothing yet nothing can fail. */
export function finding(
  { jail }: Pick<Subject, 'jail'>,
  severity: Finding['severity'],
  code: Finding['code'],
  at: ParamName | null | Mount['at'],
  message: string,
  hint?: string,
): Finding {
  const where = typeof at === 'string' || at === null ? { parameter: at } : at;
  const idle = where.parameter !== null && parameterOf(where.parameter).onLinux === 'later';
  return {
    ...{ jail, code, message, severity: idle ? 'warning' : severity },
    ...(hint !== undefined && { hint }),
    ...where,
  };
}

/** A parameter and which of its strings: the one with this text. */
export function elementOf({ jail }: Pick<Subject, 'jail'>, parameter: ParamName, text: string): Mount['at'] {
  const index = jail.params.get(parameter)?.indexOf(text) ?? -1;
  return index < 0 ? { parameter } : { parameter, element: index };
}
