import type { HostLimits } from '../../src/plan/facts.js';

const GIBI = 1024 ** 3;

/** A host with 8 GB of memory, 2 GB of swap and root's usual limits. */
export const hostLimits: HostLimits = {
  memory: { total: 8 * GIBI, swap: 2 * GIBI },
  threads: 60_000,
  files: Number.MAX_SAFE_INTEGER,
  corePattern: 'core',
  hard: {},
  quotas: {
    ...{ max_user_namespaces: 30_000, max_pid_namespaces: 30_000, max_net_namespaces: 30_000 },
    ...{ max_uts_namespaces: 30_000, max_ipc_namespaces: 30_000, max_cgroup_namespaces: 30_000 },
    ...{ max_time_namespaces: 30_000, max_mnt_namespaces: 30_000 },
    ...{ max_inotify_instances: 128, max_inotify_watches: 60_000 },
    ...{ max_fanotify_groups: 128, max_fanotify_marks: 60_000 },
  },
};
