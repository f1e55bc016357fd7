import { hasOwnIpc } from '../config/rctl/possible.js';
import type { JailParams } from '../config/params.js';
import type { HostFacts } from './facts.js';
import { sharesHostNetwork } from './network.js';
import type { LaunchRecord } from './step.js';
import { idCount } from './uidrange.js';

/** The namespaces that a jail has of its own. */
export function namespaceRecords(values: JailParams, facts: HostFacts): readonly LaunchRecord[] {
  const list = [
    'mount',
    ...(values.host === 'inherit' ? [] : ['uts']),
    ...(hasOwnIpc(values) ? ['ipc'] : []),
    'pid',
    'cgroup',
    ...(sharesHostNetwork(values) ? [] : ['net']),
    ...(facts.uidBase === null ? [] : ['user']),
    ...(facts.timeNamespaces ? ['time'] : []),
  ];
  return [['namespaces', list.join(',')], ...userMaps(values, facts)];
}

function userMaps(values: JailParams, { uidBase }: HostFacts): readonly LaunchRecord[] {
  if (uidBase === null) return [];
  const map = `0 ${uidBase} ${idCount(values)}`;
  return [
    ['uid_map', map],
    ['gid_map', map],
  ];
}

/** The kernel counts a mount that is not attached yet as a namespace (fs/namespace.c, alloc_mnt_ns): building needs some. */
const MOUNTS_FOR_BUILDING = 8;

/**
 * What inside must stay below the host's own allowance, since the kernel counts it by the creator (isolation:
 * exhaustion), and how many namespaces of a kind each user of the jail may have: `children.max`.
 */
export function quotaRecords(values: JailParams, facts: HostFacts): readonly LaunchRecord[] {
  if (facts.uidBase === null) return [];
  const children = values['children.max'] ?? 0;
  const kinds = ['user', 'pid', 'net', 'uts', 'ipc', 'cgroup', ...(facts.timeNamespaces ? ['time'] : [])];
  return [
    ...kinds.map((kind): LaunchRecord => ['sysctl', `user.max_${kind}_namespaces`, String(children)]),
    ['sysctl', 'user.max_mnt_namespaces', String(MOUNTS_FOR_BUILDING + children)],
    ['sysctl', 'user.max_inotify_instances', '96'],
    ['sysctl', 'user.max_inotify_watches', '16384'],
  ];
}
