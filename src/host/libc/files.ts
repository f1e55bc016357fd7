import { closeSync, constants as files, fchmodSync, openSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { E, bind, except } from './bind.js';
import { fcntl } from './descriptors.js';

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const MFD_EXEC = 0x10;
const F_ADD_SEALS = 1033;
const SEAL_ALL = 0x1 | 0x2 | 0x4 | 0x8;
const SEAL_EXEC = 0x20;
const F_SETSIG = 10;
const F_SETLEASE = 1024;
const [F_RDLCK, F_UNLCK] = [0, 2];
const MS_BIND = 4096;
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;
const XATTR_SIZE_MAX = 65_536;

const memfdCreate = bind<[string, number]>(
  'memfd_create',
  'int memfd_create(const char *name, unsigned int flags)',
);
const mount = bind<[string, string, null, number, null]>(
  'mount',
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)',
);
const umount2 = bind<[string, number]>('umount2', 'int umount2(const char *target, int flags)');
const nativeGetxattr = bind<[string, string, Buffer, number]>(
  'getxattr',
  'long getxattr(const char *path, const char *name, void *value, size_t size)',
);

/** A file in memory with `bytes` in it, its offset 0, close-on-exec. Throws SystemError. memfd_create(2). */
export function memfd(name: string, bytes: Uint8Array): number {
  return filled(memfdCreate(name, name, MFD_CLOEXEC), bytes);
}

/**
 * A program in memory that nobody can change any more, and none but its owner execute: not the root of a user namespace
 * that comes by it as /proc/self/exe. Throws SystemError. memfd_create(2), F_ADD_SEALS in fcntl(2).
 */
export function memfdSealed(name: string, bytes: Uint8Array): number {
  const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  const created = (more: number) => memfdCreate(name, name, flags | more);
  const executable = except([E.EINVAL], -1, () => created(MFD_EXEC)); // Linux 6.3
  const fd = filled(executable === -1 ? created(0) : executable, bytes);
  fchmodSync(fd, 0o500); // before the seals, of which one is on the mode
  fcntl(name, fd, F_ADD_SEALS, executable === -1 ? SEAL_ALL : SEAL_ALL | SEAL_EXEC);
  return fd;
}

function filled(fd: number, bytes: Uint8Array): number {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done, done);
  return fd;
}

/** Makes the file `source` seen at the file `target` too. Throws SystemError. mount(2), MS_BIND. */
export function bindMount(source: string, target: string): void {
  mount(target, source, target, null, MS_BIND, null);
}

/** Takes a mount away, now from the tree, later from its users. Throws SystemError (EINVAL: no mount). umount2(2). */
export function detachMount(target: string): void {
  umount2(target, target, MNT_DETACH | UMOUNT_NOFOLLOW);
}

/**
 * Whether anybody has this file open for writing, on file systems that can tell: then nobody gets a read lease on it. It is
 * given back at once; whoever opens the file just then waits for that, and what jaild is sent for it means nothing to it.
 * Throws SystemError. F_SETLEASE in fcntl(2).
 */
export function isOpenForWriting(fd: number): boolean {
  const subject = `descriptor ${fd}`;
  const take = (): boolean => {
    fcntl(subject, fd, F_SETSIG, constants.signals.SIGURG);
    fcntl(subject, fd, F_SETLEASE, F_RDLCK);
    fcntl(subject, fd, F_SETLEASE, F_UNLCK);
    return false;
  };
  return except([E.EAGAIN], true, () => except([E.EINVAL, E.EACCES, E.ENOLCK], false, take));
}

/** An extended attribute as text without a NUL at its end; null when there is none. Throws SystemError. getxattr(2). */
export function getxattr(path: string, name: string): string | null {
  const value = Buffer.alloc(XATTR_SIZE_MAX);
  const none = [E.ENODATA, E.ENOTSUP];
  const size = except(none, -1, () => nativeGetxattr(path, path, name, value, value.length));
  return size === -1 ? null : value.toString('utf8', 0, size).replace(/\0$/, '');
}

const SYS_OPENAT2 = 437;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
/** RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS and RESOLVE_BENEATH of linux/openat2.h. */
const WITHOUT_LINKS = 0x02 | 0x04 | 0x08;
/** RESOLVE_NO_XDEV, RESOLVE_NO_MAGICLINKS and RESOLVE_IN_ROOT. */
const WITHIN_ROOT = 0x01 | 0x02 | 0x10;
const openat2 = bind<[number, number, string, Uint8Array, number]>(
  'openat2',
  'long syscall(long number, long directory, const char *path, const void *how, long size)',
);

function openPathAt(top: string, directory: number, path: string, flags: number, resolve: number): number {
  const how = new Uint8Array(
    new BigUint64Array([BigInt(O_PATH | O_CLOEXEC | flags), 0n, BigInt(resolve)]).buffer,
  );
  const below = path === '' ? '.' : path;
  const attempt = () => openat2(`${top}//${path}`, SYS_OPENAT2, directory, below, how, how.length);
  // Something was renamed meanwhile, so that the kernel could not be sure.
  for (let tries = 0; tries < 32; tries++) {
    const found = except([E.EAGAIN], -1, attempt);
    if (found !== -1) return found;
  }
  return attempt();
}

/**
 * A descriptor (O_PATH, close-on-exec) of the directory `path` below the directory `top`; no link is followed from
 * there on. Throws SystemError (ELOOP). openat2(2).
 */
export function openBeneath(top: string, path: string): number {
  const directory = openSync(top, O_PATH | files.O_DIRECTORY);
  try {
    return openPathAt(top, directory, path, files.O_DIRECTORY, WITHOUT_LINKS);
  } finally {
    closeSync(directory);
  }
}

/**
 * A descriptor (O_PATH, close-on-exec) of what a process with the root `root` (a descriptor) finds at `path`, as long as it is on
 * the same mount; -1 when it finds nothing. Throws SystemError (EXDEV). openat2(2).
 */
export function openWithin(root: number, path: string): number {
  return except([E.ENOENT, E.ENOTDIR, E.ELOOP], -1, () => openPathAt('', root, path, 0, WITHIN_ROOT));
}
