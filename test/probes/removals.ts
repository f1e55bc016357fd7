/** One defence, how it is taken away, and what then has to fail: probes by name, tests as "FILE: TITLE". */
export interface Removal {
  readonly class: string;
  readonly what: string;
  readonly file: string;
  /** Words that stand once in the file, and what comes in their place. */
  readonly from: string;
  readonly to: string;
  readonly seenBy: readonly string[];
}

const take = (
  kind: string,
  what: string,
  file: string,
  from: string,
  to: string,
  ...seenBy: readonly string[]
): Removal => ({ class: kind, what, file, from, to, seenBy });

const POLICY = 'etc/seccomp/default.policy';
/** A call that is refused by name, allowed. */
const allow = (kind: string, call: string, probe: string): Removal =>
  take(kind, `the refusal of ${call}`, POLICY, `\nerrno EPERM ${call}\n`, `\nallow ${call}\n`, probe);

const enter = 'native/jailer/enter.c';
const init = 'native/jailer/init.c';
const target = 'native/jailer/target.c';
const within = '#define WITHIN (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)';
const launch = 'src/plan/launch.ts';
const inside = 'src/plan/inside.ts';
const network = 'src/plan/network.ts';
const namespaces = 'src/plan/namespaces.ts';

/** For each class of ways out at least one. */
export const removals: readonly Removal[] = [
  take(
    '1.descriptors',
    'pipes for standard output',
    'native/jailer/output.c',
    'j->inputs[i] = ends[1];',
    'j->inputs[i] = open("/etc", O_RDONLY);',
    'command_descriptors',
  ),
  take(
    '1.log',
    'the log’s pipe for the log',
    'native/jailer/output.c',
    'j->inputs[i] = ends[1];',
    'j->inputs[i] = dup(j->log.fd);',
    'command_descriptors',
  ),
  take(
    '1.binary',
    'process 1 is not dumpable',
    init,
    'prctl(PR_SET_DUMPABLE, 0, 0',
    'prctl(PR_SET_DUMPABLE, 1, 0',
    'init_not_dumpable',
  ),
  take(
    '1.memory',
    'process 1 is not dumpable',
    init,
    'prctl(PR_SET_DUMPABLE, 0, 0',
    'prctl(PR_SET_DUMPABLE, 1, 0',
    'init_ptrace',
    'init_memory_written',
  ),
  take(
    '1.processes',
    'process 1 drops capabilities',
    init,
    'caps_set(kept) < 0',
    'caps_set(~0ULL >> 23) < 0',
    'init_capabilities',
  ),
  take(
    '1.exec',
    'the cgroups of the jail for who joins',
    'native/jailer/join.c',
    'if (cgroups_join(&j->plan, joined) != NULL)',
    'if (joined == NULL)',
    'careless_exec',
  ),
  take(
    '1.environment',
    'no_new_privs',
    launch,
    "[['no_new_privs', 'yes'] as LaunchRecord]",
    '[]',
    'NoNewPrivs',
  ),
  take(
    '1.terminal',
    'a session of its own',
    enter,
    'if (setsid() < 0)',
    'if (e->terminal && setsid() < 0)',
    'session_within',
  ),
  take(
    '2.links',
    'openat2 with RESOLVE_NO_SYMLINKS',
    target,
    within,
    '#define WITHIN 0',
    'test/jaild/escape.test.ts: has links followed by no start',
  ),
  take(
    '2.swap',
    'openat2 with RESOLVE_NO_SYMLINKS',
    target,
    within,
    '#define WITHIN 0',
    'test/jaild/escape.test.ts: wins no race',
  ),
  take(
    '2.files',
    'O_NONBLOCK for passwd and group',
    'native/jailer/passwd.c',
    'O_NOFOLLOW | O_NONBLOCK |',
    'O_NOFOLLOW |',
    'exec_group_fifo_user',
  ),
  take('2.host-files', 'the id-mapped root', launch, "...(idmap ? ['idmap'] : []),", '', 'owner_of_files'),
  allow('3.handles', 'open_by_handle_at', 'handle_of_nsfs'),
  take('3.namespaces', 'a cgroup namespace', namespaces, "    'cgroup',\n", '', 'namespace_cgroup'),
  take('3.mounts', 'nosuid for /proc', inside, "'proc', 'create,nosuid,", "'proc', 'create,", 'mounts_flags'),
  allow('3.interfaces', 'modify_ldt', 'call_modify_ldt'),
  allow('3.power', 'quotactl', 'call_quotactl'),
  take(
    '3.entries',
    'death for other architectures',
    POLICY,
    'badarch kill-process',
    'badarch allow',
    'int80_getpid',
  ),
  take(
    '3.sockets',
    'the list of families',
    POLICY,
    '\nerrno EAFNOSUPPORT socket\n',
    '\nallow socket\n',
    'family_vsock',
  ),
  take(
    '3.capabilities',
    'the small set',
    'src/plan/capabilities.ts',
    "'sys_chroot']",
    "'sys_chroot', 'sys_admin']",
    'cap_sys_admin',
  ),
  take(
    '3.devices',
    'the short list of devices',
    'src/plan/devices.ts',
    "['null', '1:3'],",
    "['null', '1:3'], ['kmsg', '1:11'],",
    'dev_only_known',
  ),
  take(
    '3.kernel-files',
    'read-only /proc/sys',
    inside,
    "'proc/irq', 'proc/sys',",
    "'proc/irq',",
    'shut_shmmax',
    'shut_mqueue_max',
  ),
  take(
    '3.release-agent',
    'read-only /sys',
    inside,
    "'sys', 'create,optional,ro,nosuid",
    "'sys', 'create,optional,nosuid",
    'mounts_of_cgroups',
  ),
  take(
    '3.information',
    'the mask of /proc/interrupts',
    inside,
    "  'proc/interrupts',\n",
    '',
    'hidden_interrupts',
  ),
  take(
    '3.hooks',
    'the clean environment',
    'src/host/hook.ts',
    'env: { ...hook.environment }',
    'env: { ...process.env, JAILD_PREFIX: "x" }',
    'hook_environment',
  ),
  take(
    '4.loopback',
    'a network namespace',
    network,
    'return !hasAddress &&',
    'return !hasAddress ||',
    'namespace_net',
    'loopback_of_host',
  ),
  take(
    '4.abstract',
    'a network namespace',
    network,
    'return !hasAddress &&',
    'return !hasAddress ||',
    'abstract_socket_of_host',
  ),
  take('4.ipc', 'an IPC namespace', namespaces, "['ipc']", '[]', 'queues_of_host', 'shared_memory_of_host'),
  take(
    '4.id-maps',
    'a range for each jail',
    namespaces,
    '`0 ${uidBase} ',
    '`0 ${uidBase && 1610612736} ',
    'ranges_uid_map',
  ),
  allow('4.keyrings', 'keyctl', 'call_keyctl'),
  take(
    '5.creator',
    'the quota of inotify',
    namespaces,
    'Math.min(usual, Math.floor((ofHost ?? 0) * PART))',
    '1_000_000',
    'inotify_instances',
  ),
  take(
    '5.limits',
    'no core files',
    'src/plan/resource-limits.ts',
    'leavesTheJail(corePattern) ? KEPT_BACK : both(0)',
    'both(Infinity)',
    'limit_core',
  ),
  take(
    '5.memory',
    'the usual pids.max',
    'src/plan/limit-amounts.ts',
    "'pids.max': 4096",
    "'pids.max': Infinity",
    'cgroup_pids_max',
  ),
  take(
    '5.space',
    'the size of /dev/shm',
    'src/plan/tmpfs.ts',
    "values['shm.size'] ?? 64 * MEBI",
    "values['shm.size'] ?? Infinity",
    'shared_memory_size',
  ),
  take(
    '5.init',
    'the cgroups of the jail for who joins',
    'native/jailer/join.c',
    'if (cgroups_join(&j->plan, joined) != NULL)',
    'if (joined == NULL)',
    'daemonized_stays_in_cgroup',
  ),
  take(
    '5.priority',
    'no core files',
    'src/plan/resource-limits.ts',
    'leavesTheJail(corePattern) ? KEPT_BACK : both(0)',
    'both(Infinity)',
    'core_dumps',
  ),
  take(
    '6.state',
    'the mode of its directory',
    'src/jaild.ts',
    'mkdirSync(instance.stateDirectory, { recursive: true, mode: 0o700 })',
    'mkdirSync(instance.stateDirectory, { recursive: true, mode: 0o755 })',
    'mode_var_lib_jaild',
  ),
  take(
    '6.socket',
    'the mode of the socket',
    'src/control/server.ts',
    'group === null ? 0o600 : 0o660',
    '0o666',
    'mode_run_jaild_jaild_sock',
  ),
  take(
    '6.names',
    'names without a slash',
    'src/config/rules/naming.ts',
    'const isComponent = /',
    "const isComponent = name !== '' || /",
    'name_slash',
  ),
  take(
    '6.config',
    'pipes are not waited for',
    'src/config/load.ts',
    'constants.O_RDONLY | constants.O_NONBLOCK',
    'constants.O_RDONLY',
    'test/config/load.test.ts: may be a pipe',
  ),
  take(
    '6.audit',
    'read-only files behind the plan',
    'native/jailer/mounts.c',
    'sys_mount_setattr(tree, AT_RECURSIVE, &readonly);',
    '(readonly.attr_clr = 0);',
    'audit_of_defaults',
  ),
];
