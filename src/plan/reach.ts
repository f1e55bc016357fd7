import type { JailParams } from '../config/params.js';
import type { MountEntry } from '../config/values/mount.js';
import { hostPart } from './host-part.js';
import { plainPath } from './path-name.js';
import type { JailPlan } from './step.js';

/** Directories of the host in which jails may lay links: their roots and what is mounted in them to be written to. */
export type Reach = ReadonlySet<string>;

const binds = new Set(['nullfs', 'bind', 'none']);

/** Of the paths those that are directories of their own: below "/" lies everything. */
const parts = (paths: readonly string[]): readonly string[] =>
  paths.map(plainPath).filter((path) => path.startsWith('/') && path !== '/');

/** What of the host a jail is shown. @param entries what its files of `mount.fstab` list */
export const bindsOf = (
  { mount = [] }: Pick<JailParams, 'mount'>,
  entries: readonly MountEntry[] = [],
): readonly MountEntry[] => [...mount, ...entries].filter(({ type }) => binds.has(type));

/** Where a jail may lay links. @param entries what its files of `mount.fstab` list */
export function reachOf(
  { path = '/', mount = [] }: Pick<JailParams, 'path' | 'mount'>,
  entries: readonly MountEntry[] = [],
): readonly string[] {
  const mounted = bindsOf({ mount }, entries).filter(({ options }) => !options.includes('ro'));
  // No jail has one of the host's own, whatever the files say.
  const roots = hostPart(path, { state: [], programs: [] }) === null ? [path] : [];
  return parts([...roots, ...mounted.map(({ source }) => source)]);
}

/** The same of a jail that has been started. */
export function reachOfPlan({ prepare }: JailPlan): readonly string[] {
  const records = prepare.flatMap((step) => (step.name === 'jailer.spawn' ? step.args.records : []));
  return parts(
    records.flatMap(([key, first = '', second = '', , options = '']) => {
      if (key === 'root') return [first];
      const isWritable = key === 'mount' && first === 'bind' && !options.split(',').includes('ro');
      return isWritable ? [second] : [];
    }),
  );
}

/**
 * A path of the host with a double slash where the reach of a jail, or of others than root, begins: behind it no link is to be followed. The outermost
 * such directory counts, for who may change that may change all below.
 */
export function markReach(path: string, reach: Reach | undefined): string {
  const name = plainPath(path);
  if (reach === undefined || reach.size === 0) return name;
  for (let slash = name.indexOf('/', 1); slash > 0; slash = name.indexOf('/', slash + 1))
    if (reach.has(name.slice(0, slash))) return `${name.slice(0, slash)}/${name.slice(slash)}`;
  return name;
}

/** The same for what a jail's own root has: the jailer looks for that as the jail would, and no further. */
export function markReachBeside(path: string, root: string, reach: Reach | undefined): string {
  const marked = markReach(path, reach);
  return marked.startsWith(`${plainPath(root)}//`) ? plainPath(path) : marked;
}
