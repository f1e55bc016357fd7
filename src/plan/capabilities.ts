import type { JailParams } from '../config/params.js';
import { capabilityNames } from '../config/values/isolation.js';
import { withheldCapabilities } from './securelevel.js';

/**
 * What a jail's root may do when nothing is asked for: what ordinary servers need to bind, chown and drop to a user. Not
 * setfcap: a capability that it gives to a file counts on the host, where the file is root's by the idmapped mount.
 */
const usual = [
  ...['chown', 'dac_override', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap'],
  ...['net_bind_service', 'sys_chroot'],
];

/** FreeBSD's own words for what Linux calls a capability: [parameter, its default, capabilities]. */
const allowances = [
  ['allow.raw_sockets', false, ['net_raw']],
  ['allow.reserved_ports', true, ['net_bind_service']],
  ['allow.chflags', false, ['linux_immutable']],
  ['allow.mlock', false, ['ipc_lock']],
  ['allow.routing', false, ['net_admin']],
  ['allow.read_msgbuf', false, ['syslog']],
] as const;

/** The same for what the kernel grants to the host's own root alone, so that in a user namespace nobody gets it. */
const hostAllowances = [
  ['allow.settime', false, ['sys_time']],
  ['allow.adjtime', false, ['sys_time']],
  ['allow.setaudit', false, ['audit_write', 'audit_control']],
] as const;

/** Whether root in the jail is the host's root. */
export const isHostRoot = (values: JailParams): boolean => values.userns === 'off';

/** The capabilities of a jail's commands, by name, in the order of their numbers; capabilities(7). */
export function jailCapabilities(values: JailParams): readonly string[] {
  if (values['allow.suser'] === false) return [];
  const set = new Set<string>(values.caps ?? usual);
  for (const [parameter, byDefault, capabilities] of [
    ...allowances,
    ...(isHostRoot(values) ? hostAllowances : []),
  ]) {
    const allowed = values[parameter] ?? byDefault;
    if (allowed === byDefault) continue;
    for (const name of capabilities) {
      if (allowed) set.add(name);
      else set.delete(name);
    }
  }
  if (values.vnet === 'new') set.add('net_admin');
  // A child's user namespace may have a root of its own only with it (user_namespaces(7)).
  if ((values['children.max'] ?? 0) > 0) set.add('setfcap');
  for (const name of values['caps.add'] ?? []) set.add(name);
  for (const name of values['caps.drop'] ?? []) set.delete(name);
  const withheld = withheldCapabilities(values);
  return capabilityNames.filter((name) => set.has(name) && !withheld.has(name));
}

/** The parameter by which a jail has a capability that is not among the usual ones. */
export function grantedBy(values: JailParams, capability: string): string {
  if (values['caps.add']?.includes(capability) === true) return 'caps.add';
  const allowance = [...allowances, ...hostAllowances].find(
    ([parameter, , capabilities]) =>
      values[parameter] === true && capabilities.some((name) => name === capability),
  );
  if (allowance !== undefined) return allowance[0];
  if (capability === 'setfcap' && (values['children.max'] ?? 0) > 0) return 'children.max';
  return capability === 'net_admin' && values.vnet === 'new' ? 'vnet = new' : 'caps';
}

/** The names of the capabilities in a mask, in the order of their numbers. */
export function capabilitiesOf(mask: bigint): readonly string[] {
  return capabilityNames.filter((_, number) => ((mask >> BigInt(number)) & 1n) === 1n);
}

/** The set as the hexadecimal mask that capset(2) and /proc/PID/status use. */
export function capabilityMask(capabilities: readonly string[]): string {
  const bits = capabilityNames.map((name, number) =>
    capabilities.includes(name) ? 1n << BigInt(number) : 0n,
  );
  return bits.reduce((mask, bit) => mask | bit, 0n).toString(16);
}
