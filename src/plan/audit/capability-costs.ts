import type { Severity } from './finding.js';

/** What a capability gives away: in a user namespace of the jail's own, and without one. */
interface Cost {
  readonly inside: Severity;
  readonly onHost: Severity;
  readonly cost: string;
}

/** Those whose cost is worth words of their own; capabilities(7), user_namespaces(7). */
const costs: Readonly<Record<string, Cost>> = {
  sys_admin: {
    inside: 'high',
    onHost: 'critical',
    cost: 'mounts and namespaces inside: the part of the kernel in which most ways out were found',
  },
  net_admin: {
    inside: 'medium',
    onHost: 'high',
    cost: 'its root changes links, routes and packet filters, by kernel code that had many holes',
  },
  net_raw: {
    inside: 'low',
    onHost: 'medium',
    cost: 'it can forge packets and overhear those on its links',
  },
  sys_ptrace: {
    inside: 'low',
    onHost: 'critical',
    cost: 'a process of the jail reads and changes every other one in it, process 1 too',
  },
  dac_read_search: {
    inside: 'medium',
    onHost: 'critical',
    cost: 'with open_by_handle_at(2), where the policy has it, files are opened by number, outside of the root too',
  },
  setfcap: {
    inside: 'medium',
    onHost: 'medium',
    cost: 'capabilities that it gives to files of its root count for who reaches them on the host',
  },
  mknod: { inside: 'note', onHost: 'high', cost: 'device nodes; the kernel makes none in a user namespace' },
  bpf: { inside: 'medium', onHost: 'critical', cost: 'programs of its own run in the kernel' },
  perfmon: { inside: 'medium', onHost: 'high', cost: 'it measures the kernel and what else runs on the CPU' },
  sys_module: { inside: 'note', onHost: 'critical', cost: 'it loads code into the kernel' },
  sys_rawio: { inside: 'note', onHost: 'critical', cost: 'it reaches the memory and ports of the machine' },
  sys_boot: { inside: 'low', onHost: 'critical', cost: 'reboot(2)' },
  sys_time: { inside: 'note', onHost: 'high', cost: 'it sets the clock of the host' },
  sys_resource: { inside: 'low', onHost: 'medium', cost: 'it lifts its own resource limits' },
  sys_nice: { inside: 'low', onHost: 'medium', cost: 'it takes the CPU before others' },
  syslog: { inside: 'low', onHost: 'medium', cost: "it reads the kernel's messages, which tell of the host" },
  ipc_lock: { inside: 'low', onHost: 'low', cost: 'it locks memory, which can then not be swapped' },
  linux_immutable: { inside: 'low', onHost: 'medium', cost: 'it makes files that no one can remove' },
  mac_admin: { inside: 'note', onHost: 'critical', cost: 'it changes the rules of AppArmor or SELinux' },
  mac_override: { inside: 'note', onHost: 'critical', cost: 'AppArmor and SELinux do not hold it' },
};

/** What one more capability costs a jail. */
export function capabilityCost(
  capability: string,
  hasUserNamespace: boolean,
): Omit<Cost, 'inside' | 'onHost'> & {
  readonly severity: Severity;
} {
  const known = costs[capability];
  const { inside, onHost } = known ?? { inside: 'low', onHost: 'medium' };
  return {
    severity: hasUserNamespace ? inside : onHost,
    cost: known?.cost ?? 'its root may do what capabilities(7) says of it',
  };
}
