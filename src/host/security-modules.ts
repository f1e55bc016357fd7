import { existsSync } from 'node:fs';
import { readText, unless } from './files.js';

const LIST = '/sys/kernel/security/lsm';
const closed = ['EACCES', 'EPERM'];

/**
 * The security modules that the kernel has enabled, by its own names. Where its list is not mounted (securityfs), those
 * that label processes are known by their signs.
 */
export function securityModules(): readonly string[] {
  const list = unless(closed, null, () => readText(LIST));
  if (list !== null) return list.trim().split(',');
  const apparmor = unless(closed, null, () => readText('/sys/module/apparmor/parameters/enabled'));
  return [
    ...(apparmor?.startsWith('Y') === true ? ['apparmor'] : []),
    ...(existsSync('/sys/fs/selinux/enforce') ? ['selinux'] : []),
  ];
}
