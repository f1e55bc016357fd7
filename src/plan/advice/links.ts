import type { Finding } from '../../config/finding.js';
import type { HostView } from '../host-view.js';
import { plainPath, within } from '../path-name.js';
import { policyBase } from '../seccomp.js';
import { wayOf } from '../way.js';
import { finding, mountedBy, type Mount, type Subject } from './subject.js';

type Named = readonly [path: string, at: Parameters<typeof finding>[3]];

function namedBy({ jail: { values }, mounts }: Subject): readonly Named[] {
  const { path, base = [], 'exec.consolelog': log, 'mount.fstab': fstabs = [] } = values;
  const policy = policyBase(values);
  const isInside = (file: string): boolean => path !== undefined && within(plainPath(file), plainPath(path));
  const sources = mounts.flatMap((mount: Mount): readonly Named[] => {
    const source = mountedBy(mount)?.source ?? null;
    return source === null || isInside(source) ? [] : [[source, mount.at]];
  });
  return [
    ...(path === undefined ? [] : [[path, 'path'] as const]),
    ...base.map((directory, element): Named => [directory, { parameter: 'base', element }]),
    ...sources,
    ...fstabs.map((file, element): Named => [file, { parameter: 'mount.fstab', element }]),
    ...(policy.kind === 'file' ? [[policy.path, 'seccomp'] as const] : []),
    ...(log === undefined ? [] : [[log, 'exec.consolelog'] as const]),
  ];
}

/** No link on the way to what a jail is made of can be anybody's but root's: the start does not follow it. */
export function* linksAreSure(subject: Subject, host: HostView): Iterable<Finding> {
  for (const [path, at] of namedBy(subject)) {
    const { astray } = path.startsWith('/') ? wayOf(path, host.lstat) : { astray: null };
    if (astray === null) continue;
    const { link, through } = astray;
    const message = `the symbolic link ${link} is not followed: others than root can put one in ${through}`;
    const hint = `write where it leads to, or make ${through} root's`;
    yield finding(subject, 'error', 'untrusted-link', at, message, hint);
  }
}
