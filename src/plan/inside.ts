import type { Jail } from '../config/jail.js';
import { sharesHostNetwork } from '../config/network-of.js';
import type { JailParams } from '../config/params.js';
import type { MountEntry } from '../config/values/mount.js';
import { devRecords } from './devices.js';
import { PlanError } from './error.js';
import type { HostFacts } from './facts.js';
import { figureFiles } from './figures.js';
import { coverRecords, kernelMounts } from './kernel-files.js';
import type { LaunchRecord } from './step.js';
import { missingRoom } from './tmpfs.js';

/** Where below the jail's root a host path lies. */
function targetInside(entry: MountEntry, path: string): string {
  const root = path.replace(/\/+$/, '');
  const target = entry.target.replace(/\/+/g, '/').replace(/\/$/, '');
  if (target.split('/').includes('..') || !target.startsWith(`${root}/`)) {
    const hint = `a mount point is a host path below "path", such as ${root}/mnt`;
    throw new PlanError('mount', entry.target, `not below ${path}`, hint);
  }
  return target.slice(root.length + 1);
}

const attributes = new Set(['ro', 'nosuid', 'nodev', 'noexec', 'noatime']);
/** fstab(5) words that say nothing to a jail's mount. */
const silent = new Set([
  'rw',
  'late',
  'auto',
  'defaults',
  'bind',
  'exec',
  'suid',
  'dev',
  'nocover',
  'async',
  'sync',
]);

function mountOptions(entry: MountEntry): readonly string[] {
  return entry.options.flatMap((option) => {
    if (silent.has(option)) return [];
    if (option === 'failok' || option === 'nofail') return ['optional'];
    if (option === 'rbind') return ['rec'];
    if (attributes.has(option) || /^[a-z_]+=/.test(option)) return [option];
    throw new PlanError(
      'mount',
      entry.target,
      `unknown mount option "${option}"`,
      'known: ro nosuid nodev noexec noatime failok rbind size= nr_inodes= mode=',
    );
  });
}

function bindRecord(entry: MountEntry, target: string, idmap: boolean): LaunchRecord {
  if (!entry.source.startsWith('/')) {
    throw new PlanError(
      'mount',
      entry.source,
      'not an absolute path',
      'nullfs mounts a directory or file of the host',
    );
  }
  const own = mountOptions(entry).filter((option) => !option.includes('='));
  return [
    'mount',
    'bind',
    entry.source,
    target,
    ['nosuid', 'nodev', ...(idmap ? ['idmap'] : []), ...own].join(','),
  ];
}

/** A /proc in which only root, and who is in its group, sees the processes of others. Kernel: filesystems/proc, hidepid. */
function procRecord(target: string, options: readonly string[]): LaunchRecord {
  const isSaid = options.some((option) => option.startsWith('hidepid='));
  const hides = isSaid ? [] : ['hidepid=invisible', 'gid=0'];
  return [
    'mount',
    'proc',
    'proc',
    target,
    [...['nosuid', 'nodev', 'noexec'], ...options, ...hides].join(','),
  ];
}

/** The records for one line of fstab(5): FreeBSD's file systems by what Linux has for them. Throws PlanError. */
export function mountRecords(
  entry: MountEntry,
  { values }: Jail,
  uidBase: number | null,
): readonly LaunchRecord[] {
  if (entry.options.includes('noauto')) return [];
  const target = targetInside(entry, values.path ?? '/');
  const options = mountOptions(entry);
  switch (entry.type) {
    case 'nullfs':
    case 'bind':
    case 'none':
      return [bindRecord(entry, target, uidBase !== null)];
    case 'tmpfs': {
      const room = missingRoom(options, values);
      return [['mount', 'tmpfs', 'tmpfs', target, ['nosuid', 'nodev', ...room, ...options].join(',')]];
    }
    case 'procfs':
    case 'linprocfs':
    case 'proc':
      return [procRecord(target, options)];
    case 'linsysfs':
    case 'sysfs':
      return [['mount', 'sysfs', 'sysfs', target, 'ro,nosuid,nodev,noexec']];
    case 'devfs':
      return devRecords(target, values, uidBase);
    case 'fdescfs':
      return [];
    default: {
      const hint =
        'a jail mounts nullfs, tmpfs, procfs, linsysfs, devfs and fdescfs; mount others on the host and use nullfs';
      throw new PlanError('mount', entry.target, `file system type "${entry.type}" is not known here`, hint);
    }
  }
}

/** With the host's network a sysfs of its own is refused: the host's, without what the host has mounted in it. */
function sysRecord(values: JailParams): LaunchRecord {
  const options = 'create,optional,ro,nosuid,nodev,noexec';
  return sharesHostNetwork(values)
    ? ['mount', 'bind', '/sys', 'sys', options]
    : ['mount', 'sysfs', 'sysfs', 'sys', options];
}

/**
 * What is mounted, made and hidden in a jail's root, in jail(8)'s order: `mount`, `mount.fstab`, /dev, /proc; then /sys.
 * @throws PlanError for a mount point outside of `path`, an unknown type or option.
 */
export function insideRecords(
  jail: Jail,
  entries: readonly MountEntry[],
  facts: HostFacts,
): readonly LaunchRecord[] {
  const { values } = jail;
  const records = [
    ...entries.flatMap((entry) => mountRecords(entry, jail, facts.uidBase)),
    ...(values['mount.devfs'] === false ? [] : devRecords('dev', values, facts.uidBase)),
    ...(values['mount.procfs'] === false ? [] : [procRecord('proc', ['create'])]),
    sysRecord(values),
  ];
  const mounts = kernelMounts(records);
  return [...records, ...figureFiles(mounts, values, facts), ...coverRecords(mounts, values, facts)];
}
