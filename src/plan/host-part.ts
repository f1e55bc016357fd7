import { posix } from 'node:path';
import { plainPath, within } from './path-name.js';

/** Where the host has its accounts, secrets, state and interfaces to the kernel; hier(7). */
const closed: ReadonlySet<string> = new Set([
  ...[
    '/',
    '/boot',
    '/dev',
    '/efi',
    '/etc',
    '/home',
    '/lost+found',
    '/proc',
    '/root',
    '/run',
    '/sys',
    '/tmp',
    '/var',
  ],
  ...['/var/cache', '/var/lib', '/var/log', '/var/mail', '/var/run', '/var/spool', '/var/tmp'],
]);

/** Where it has the programs that it runs as root, which everybody may read. */
const programs: ReadonlySet<string> = new Set([
  ...[
    '/bin',
    '/lib',
    '/lib32',
    '/lib64',
    '/libx32',
    '/opt',
    '/sbin',
    '/usr',
    '/usr/bin',
    '/usr/lib',
    '/usr/lib32',
  ],
  ...[
    '/usr/lib64',
    '/usr/libexec',
    '/usr/libx32',
    '/usr/local',
    '/usr/local/bin',
    '/usr/local/lib',
    '/usr/local/sbin',
  ],
  ...['/usr/sbin', '/usr/share'],
]);

/** Made by the kernel all the way down, but for memory file systems that hold files like any other. */
const kernels = /^\/(proc|sys)\/|^\/dev\/(?!shm\/)/;

/** Where a jaild has what it goes by: its configuration, its state and its programs. Absolute paths. */
export interface OwnDirectories {
  readonly state: readonly string[];
  readonly programs: readonly string[];
}

/** What of the host a directory is: what no jail may have, what none may write to, or null. */
export type HostPart = 'state' | 'programs' | null;

/** Tells a directory of the host's own from one that a jail may have. @param path without links, as far as is known */
export function hostPart(path: string, own: OwnDirectories): HostPart {
  const name = plainPath(posix.normalize(path));
  const touches = (directory: string): boolean => within(name, directory) || within(directory, name);
  if (closed.has(name) || kernels.test(name) || own.state.some(touches)) return 'state';
  return programs.has(name) || own.programs.some(touches) ? 'programs' : null;
}
