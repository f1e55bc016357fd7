import type { Finding } from '../../config/finding.js';
import type { HostView } from '../host-view.js';
import { isUnmappable, withoutMapping } from '../mapping.js';
import { isOverlay } from '../root.js';
import { finding, mountedBy, type Mount, type Subject } from './subject.js';

/** A directory whose owners are mapped, and whether what is mounted below it is so, too. */
interface Mapped {
  readonly path: string;
  readonly at: Mount['at'];
  readonly deep: boolean;
}

function mappedOf({ jail: { values }, mounts }: Subject): readonly Mapped[] {
  const root = values.path === undefined ? [] : [values.path];
  const binds = mounts.flatMap((mount): readonly Mapped[] => {
    const made = mountedBy(mount);
    if (made === null || made.source === null) return [];
    return [{ path: made.source, at: mount.at, deep: made.options.includes('rec') }];
  });
  return [
    ...root.map((path): Mapped => ({ path, at: { parameter: 'path' }, deep: !isOverlay(values) })),
    ...(values.base ?? []).map((path, element): Mapped => ({
      ...{ path, deep: false },
      at: { parameter: 'base', element },
    })),
    ...binds,
  ];
}

/** Root in a jail is no user of the host because the kernel maps owners, which not every file system can do. */
export function* ownersCanBeMapped(subject: Subject, host: HostView): Iterable<Finding> {
  if (subject.jail.values.userns === 'off') return;
  for (const { path, at, deep } of mappedOf(subject)) {
    const [own, ...below] = host.mountsAt(path);
    const mounts = own === undefined ? [] : deep ? [own, ...below] : [own];
    const mount = mounts.find(({ type }) => isUnmappable(type, host.release()));
    if (mount === undefined) continue;
    const where = mount === own ? path : mount.mountPoint;
    const message = `${where} is on ${mount.type}, whose owners can’t be mapped to the users of a jail`;
    yield finding(subject, 'error', 'unmappable', at, message, withoutMapping(mount, path));
  }
}
