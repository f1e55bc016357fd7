import { hasOwnIpc } from '../config/rctl/possible.js';
import { sharesHostNetwork } from '../config/network-of.js';
import type { JailParams } from '../config/params.js';
import type { HostFacts } from './facts.js';
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
  const { standingNetns } = facts;
  const standing: readonly LaunchRecord[] = standingNetns === undefined ? [] : [['netns', standingNetns]];
  return [['namespaces', list.join(',')], ...userMaps(values, facts), ...standing];
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

/** The quotas that parameters set, by their names in /proc/sys/user, and what holds without the parameter. */
const notifyQuotas = [
  ['max_inotify_instances', 'inotify.max_instances', 96],
  ['max_inotify_watches', 'inotify.max_watches', 16_384],
  ['max_fanotify_groups', 'fanotify.max_groups', 96],
  ['max_fanotify_marks', 'fanotify.max_marks', 8192],
] as const;

/** A default is at most this part of what the host's root has, of which all jails together can use no more than one. */
const PART = 0.75;

/**
 * What inside must stay below the host's own allowance, since the kernel counts it by the creator (isolation:
 * exhaustion), and how many namespaces of a kind each user of the jail may have: `children.max`. A quota that this
 * kernel does not have is asked for only where it was written.
 */
export function quotaRecords(values: JailParams, facts: HostFacts): readonly LaunchRecord[] {
  if (facts.uidBase === null) return [];
  const { quotas } = facts.limits;
  const children = values['children.max'] ?? 0;
  const kinds = ['user', 'pid', 'net', 'uts', 'ipc', 'cgroup', ...(facts.timeNamespaces ? ['time'] : [])];
  const notify = notifyQuotas.flatMap(([name, parameter, usual]): readonly LaunchRecord[] => {
    const most = values[parameter];
    const ofHost = quotas[name];
    if (most === undefined && ofHost === undefined) return [];
    return [['sysctl', `user.${name}`, String(most ?? Math.min(usual, Math.floor((ofHost ?? 0) * PART)))]];
  });
  return [
    ...kinds.map((kind): LaunchRecord => ['sysctl', `user.max_${kind}_namespaces`, String(children)]),
    ['sysctl', 'user.max_mnt_namespaces', String(MOUNTS_FOR_BUILDING + children)],
    ...notify,
  ];
}
