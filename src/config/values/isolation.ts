import { bad, good, scalarType, type ValueType } from './type.js';
import { choices } from './scalar.js';

export type UserNamespace = 'auto' | 'off' | { readonly base: number; readonly count: number };

/** auto, off, or "BASE:COUNT": the host's ids that the jail's 0 to COUNT-1 are (user_namespaces(7)). */
export const userNamespace: ValueType<UserNamespace> = scalarType<UserNamespace>(
  'auto | off | BASE:COUNT',
  (text) => {
    if (text === 'auto' || text === 'off') return good(text);
    const [, base, count] = /^(\d{1,10}):(\d{1,10})$/.exec(text) ?? [];
    if (base === undefined || count === undefined)
      return bad(
        `"${text}" is not a range of user ids`,
        'write auto, off, or BASE:COUNT such as 100000:65536',
      );
    // 4294967295 is (uid_t)-1, which means "no change" to the kernel.
    if (Number(count) === 0 || Number(base) + Number(count) > 0xffffffff)
      return bad(`"${text}" is empty or reaches above 4294967294`);
    return good({ base: Number(base), count: Number(count) });
  },
  ['auto', 'off'],
);

/** Names of capabilities(7) in the kernel's order, without CAP_ and in small letters. */
export const capabilityNames = [
  ...['chown', 'dac_override', 'dac_read_search', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap'],
  ...[
    'linux_immutable',
    'net_bind_service',
    'net_broadcast',
    'net_admin',
    'net_raw',
    'ipc_lock',
    'ipc_owner',
  ],
  ...[
    'sys_module',
    'sys_rawio',
    'sys_chroot',
    'sys_ptrace',
    'sys_pacct',
    'sys_admin',
    'sys_boot',
    'sys_nice',
  ],
  ...[
    'sys_resource',
    'sys_time',
    'sys_tty_config',
    'mknod',
    'lease',
    'audit_write',
    'audit_control',
    'setfcap',
  ],
  ...['mac_override', 'mac_admin', 'syslog', 'wake_alarm', 'block_suspend', 'audit_read', 'perfmon', 'bpf'],
  'checkpoint_restore',
] as const;

const named = choices('list of capabilities', capabilityNames);

/** The name of an AppArmor profile, or a SELinux context: what the kernel is told in one write of a page. */
export const label: ValueType<string> = scalarType('label', (text) =>
  /^[!-~]{1,1024}$/.test(text)
    ? good(text)
    : bad(`"${text}" is no label`, 'at most 1024 characters of ASCII without blanks'),
);

/** Capabilities, with or without "cap_", in any case; "none" is the empty list and "all" is every one. */
export const capabilities: ValueType<readonly string[]> = {
  ...named,
  convert: (values, negated) => {
    const words = values?.flatMap((value) => value.split(/[\s,]+/)).map((word) => word.toLowerCase());
    if (words?.length === 1 && words[0] === 'none') return good([]);
    if (words?.length === 1 && words[0] === 'all') return good(capabilityNames);
    return named.convert(words?.map((word) => word.replace(/^cap_/, '')) ?? null, negated);
  },
};
