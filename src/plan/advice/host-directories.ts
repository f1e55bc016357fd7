import type { Finding } from '../../config/finding.js';
import { refuseHostPart } from '../host-directories.js';
import { hostPart } from '../host-part.js';
import type { HostView } from '../host-view.js';
import { wayOf } from '../way.js';
import { finding, mountedBy, type Subject } from './subject.js';

const realIn =
  (host: HostView) =>
  (path: string): string =>
    wayOf(path, host.lstat).real;

/** A jail's root is none of the host's own directories. */
export function* hostKeepsItsOwn(subject: Subject, host: HostView): Iterable<Finding> {
  const refusal = refuseHostPart(subject.jail.values, host.ownDirectories, realIn(host));
  if (refusal === null) return;
  const { parameter, element, path, reason, hint } = refusal;
  const at = element === undefined ? parameter : ({ parameter, element } as const);
  yield finding(subject, 'error', 'host-directory', at, `${path}: ${reason}`, hint);
}

/** Who writes such a mount knows what it does; who copies it may not. */
export function* mountsLeaveTheHostItsOwn(subject: Subject, host: HostView): Iterable<Finding> {
  for (const mount of subject.mounts) {
    const { source = null, options = [] } = mountedBy(mount) ?? {};
    if (source === null || options.includes('ro')) continue;
    const own = host.ownDirectories;
    if ((hostPart(source, own) ?? hostPart(realIn(host)(source), own)) === null) continue;
    const message = `jail "${subject.jail.name}" can change ${source}, which is the host's own`;
    const hint = 'mount a directory below it, or add the option ro';
    yield finding(subject, 'warning', 'host-directory', mount.at, message, hint);
  }
}
