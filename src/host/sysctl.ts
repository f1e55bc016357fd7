import { existsSync, readFileSync } from 'node:fs';
import { systemError, unless, writeControl } from './files.js';

/* Sysctls below net, named by their path there: "ipv4/conf/eth0/forwarding". proc_sys_net(5). */

const NET = '/proc/sys/net';

/** What makes the whole host pass IPv6 on. */
export const WHOLE_HOST = 'ipv6/conf/all/forwarding';

export const hasSysctl = (name: string): boolean => existsSync(`${NET}/${name}`);

/** The value of a sysctl; null when there is none of that name, as when its interface is gone. Throws SystemError. */
export function readSysctl(name: string): string | null {
  const gone = ['ENOENT', 'ENODEV', 'ENOTDIR'];
  return unless(gone, null, () => readFileSync(`${NET}/${name}`, 'utf8').trim());
}

/** Throws SystemError; ENOENT when there is none of that name. */
export function writeSysctl(name: string, value: string): void {
  const path = `${NET}/${name}`;
  try {
    writeControl(path, value);
  } catch (error) {
    throw systemError(error, path);
  }
}
