import {
  chmodSync,
  closeSync,
  constants as files,
  fchmodSync,
  openSync,
  readdirSync,
  writeSync,
} from 'node:fs';
import { constants } from 'node:os';
import { basename, dirname } from 'node:path';
import * as koffi from 'koffi';
import { SystemError } from './error.js';
import type { Ended } from './host.js';

/*
 * All system calls that Node lacks, and nothing else. None of them may change a namespace, a credential or the working
 * directory: Node has threads, and the kernel keeps these for each thread.
 */

type Argument = number | bigint | string | Uint8Array | number[] | readonly (string | null)[] | null;

const libc = koffi.load(null);
const { errno: E } = constants;

function declare<A extends readonly Argument[]>(prototype: string): (...args: A) => number {
  return libc.func(prototype) as (...args: A) => number;
}

/** A function that fails with -1 and errno, as one that throws SystemError. */
function bind<A extends readonly Argument[]>(call: string, prototype: string) {
  const native = declare<A>(prototype);
  return (subject: string, ...args: A): number => {
    const result = native(...args);
    const errno = result === -1 ? koffi.errno() : 0; // read at once: any other call may change it
    if (errno !== 0) throw new SystemError(call, errno, subject);
    return result;
  };
}

/** `attempt()`, or `otherwise` where it fails with one of the errnos. */
function except<T>(errnos: readonly number[], otherwise: T, attempt: () => T): T {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof SystemError && errnos.includes(error.errno)) return otherwise;
    throw error;
  }
}

// ---- processes -----------------------------------------------------------------------------------------------------

const SPAWN_SETSIGDEF = 0x04;
const SPAWN_SETSIGMASK = 0x08;
const SPAWN_SETSID = 0x80;
const F_DUPFD_CLOEXEC = 1030;
const WNOHANG = 1;
/** More than posix_spawnattr_t, posix_spawn_file_actions_t and sigset_t need in any libc, in bytes. */
const OPAQUE = 1024;

const actionsInit = declare<[Buffer]>('int posix_spawn_file_actions_init(void *actions)');
const actionsDestroy = declare<[Buffer]>('int posix_spawn_file_actions_destroy(void *actions)');
const actionsDup2 = declare<[Buffer, number, number]>(
  'int posix_spawn_file_actions_adddup2(void *actions, int from, int to)',
);
const attrInit = declare<[Buffer]>('int posix_spawnattr_init(void *attr)');
const attrSetFlags = declare<[Buffer, number]>('int posix_spawnattr_setflags(void *attr, short flags)');
const attrSetMask = declare<[Buffer, Buffer]>('int posix_spawnattr_setsigmask(void *attr, const void *set)');
const attrSetDefault = declare<[Buffer, Buffer]>(
  'int posix_spawnattr_setsigdefault(void *attr, const void *set)',
);
const nativeSpawn = declare<
  [number[], string, Buffer, Buffer, readonly (string | null)[], readonly (string | null)[]]
>(
  'int posix_spawn(_Out_ int *pid, const char *path, const void *actions, const void *attr, const char **argv, const char **envp)',
);
const fcntl = bind<[number, number, number]>('fcntl', 'int fcntl(int fd, int command, long argument)');
const nativeWaitpid = bind<[number, number[], number]>(
  'waitpid',
  'int waitpid(int pid, _Out_ int *status, int options)',
);

const F_SETFD = 2;
const FD_CLOEXEC = 1;

/**
 * Keeps to this process what it was started with beside its standard streams: Node sees to that for low descriptors alone.
 * Throws SystemError. fcntl(2).
 */
export function keepDescriptors(): void {
  const open = readdirSync('/proc/self/fd').map(Number);
  for (const fd of open.filter((one) => one > 2))
    except([E.EBADF], -1, () => fcntl(`descriptor ${fd}`, fd, F_SETFD, FD_CLOEXEC));
}

const nativeExit = declare<[number]>('void _exit(int code)');

/** Ends this process without waiting for any of its threads. _exit(2). */
export const exitAtOnce = (code: number): void => void nativeExit(code);

/** Lets descriptors go on over execve(), or not. Throws SystemError. fcntl(2). */
export function passOn(descriptors: readonly number[], on: boolean): void {
  for (const fd of descriptors) fcntl(`descriptor ${fd}`, fd, F_SETFD, on ? 0 : FD_CLOEXEC);
}

const nativeExecve = bind<[string, readonly (string | null)[], readonly (string | null)[]]>(
  'execve',
  'int execve(const char *path, const char **argv, const char **envp)',
);
const setSignal = declare<[number, bigint]>('intptr_t signal(int number, intptr_t action)');
const SIG_IGN = 1n;

/**
 * Makes another program of this process, which keeps its pid and its children; the program ignores `deaf`, a signal, until it
 * says otherwise. Returns only by throwing SystemError; `deaf` is ignored then too. execve(2).
 */
export function execve(
  path: string,
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  deaf: number,
): never {
  const settings = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  setSignal(deaf, SIG_IGN);
  nativeExecve(path, path, [...argv, null], [...settings, null]);
  throw new SystemError('execve', E.EINVAL, path); // it does not come back but with an error
}

/** What posix_spawn() is told of every program: a session of its own, no signal blocked or ignored. */
const inFreshSession = Buffer.alloc(OPAQUE);
attrInit(inFreshSession);
attrSetFlags(inFreshSession, SPAWN_SETSIGMASK | SPAWN_SETSIGDEF | SPAWN_SETSID);
attrSetMask(inFreshSession, Buffer.alloc(OPAQUE));
attrSetDefault(inFreshSession, Buffer.alloc(OPAQUE, 0xff));

/**
 * Starts a program in a session of its own with no signal blocked or ignored, without forking this process. Each pair
 * of descriptors is [ours, its]; list 0, 1 and 2 too, for Node makes its own close-on-exec when it starts.
 * Returns the pid; the caller reaps it with waitpid(). Throws SystemError. posix_spawn(3).
 */
export function posixSpawn(
  path: string,
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
  descriptors: readonly (readonly [from: number, to: number])[],
): number {
  const moved: number[] = [];
  const [actions, pid] = [Buffer.alloc(OPAQUE), [0]];
  const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  actionsInit(actions);
  try {
    const above = Math.max(2, ...descriptors.map(([, to]) => to)) + 1;
    for (const [from, to] of descriptors) {
      // One pair's target may be another's source: such a source is first moved out of the way.
      const clash = from !== to && descriptors.some((other) => other[1] === from);
      const source = clash ? fcntl(path, from, F_DUPFD_CLOEXEC, above) : from;
      if (clash) moved.push(source);
      actionsDup2(actions, source, to); // with from === to it clears close-on-exec
    }
    const errno = nativeSpawn(pid, path, actions, inFreshSession, [...argv, null], [...settings, null]);
    if (errno !== 0) throw new SystemError('posix_spawn', errno, path);
    return pid[0] ?? 0;
  } finally {
    moved.forEach(closeFd);
    actionsDestroy(actions);
  }
}

/** How a child of posixSpawn() ended, or null while it runs. Reaps it. Throws SystemError (ECHILD). waitpid(2). */
export function waitpid(pid: number): Ended | null {
  const status = [0];
  if (nativeWaitpid(`${pid}`, pid, status, WNOHANG) === 0) return null;
  const word = status[0] ?? 0;
  const signal = word & 0x7f;
  return signal === 0 ? { how: 'exit', code: (word >> 8) & 0xff } : { how: 'signal', code: signal };
}

// The numbers of calls newer than Linux 5.1 are the same on every architecture; older C libraries have no wrapper.
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
const SYS_PIDFD_GETFD = 438;
const SYS_LANDLOCK_CREATE_RULESET = 444;
const LANDLOCK_CREATE_RULESET_VERSION = 1;
const syscall3 = (call: string) =>
  bind<[number, number, number, number]>(call, 'long syscall(long number, long a, long b, long c)');
const pidfdSend = bind<[number, number, number, null, number]>(
  'pidfd_send_signal',
  'long syscall(long number, long fd, long signal, void *info, long flags)',
);
const [openPid, getFd] = [syscall3('pidfd_open'), syscall3('pidfd_getfd')];

const createRuleset = syscall3('landlock_create_ruleset');

/** The version of landlock(7) that this kernel has, 0 for none. */
export function landlockAbi(): number {
  try {
    return createRuleset('version', SYS_LANDLOCK_CREATE_RULESET, 0, 0, LANDLOCK_CREATE_RULESET_VERSION);
  } catch {
    return 0; // not built, not switched on, or refused to jaild: then the jailer can't either
  }
}

/** A descriptor of the process `pid`. Throws SystemError (ESRCH when there is none). pidfd_open(2). */
export const pidfdOpen = (pid: number): number => openPid(`pid ${pid}`, SYS_PIDFD_OPEN, pid, 0, 0);

/** A copy of descriptor `fd` of another process. Throws SystemError (EBADF, ESRCH). pidfd_getfd(2). */
export const pidfdGetfd = (pidfd: number, fd: number): number =>
  getFd(`descriptor ${fd}`, SYS_PIDFD_GETFD, pidfd, fd, 0);

/** Sends a signal to exactly that process. Throws SystemError (ESRCH when it is gone). pidfd_send_signal(2). */
export function pidfdSendSignal(pidfd: number, signal: number): void {
  pidfdSend(`signal ${signal}`, SYS_PIDFD_SEND_SIGNAL, pidfd, signal, null, 0);
}

const SYS_BPF: Readonly<Partial<Record<NodeJS.Architecture, number>>> = {
  ...{ x64: 321, ia32: 357, arm: 386, arm64: 280, riscv64: 280, loong64: 280, ppc64: 361, s390x: 351 },
};
const nativeBpf = bind<[number, number, Uint8Array, number]>(
  'bpf',
  'long syscall(long number, long command, void *attributes, long size)',
);

/** Where the bytes are, as system calls take it within other bytes; they stay there as long as they are in use. */
export const addressOf = (bytes: Uint8Array): bigint => koffi.address(bytes);

/** Gives a command with its union bpf_attr, into which answers are written. Throws SystemError (EPERM, EINVAL, ENOSYS). bpf(2). */
export function bpf(subject: string, command: number, attributes: Uint8Array): number {
  const call = SYS_BPF[process.arch];
  if (call === undefined) throw new SystemError('bpf', E.ENOSYS, subject);
  return nativeBpf(subject, call, command, attributes, attributes.length);
}

// ---- files ---------------------------------------------------------------------------------------------------------

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const MFD_EXEC = 0x10;
const F_ADD_SEALS = 1033;
const SEAL_ALL = 0x1 | 0x2 | 0x4 | 0x8;
const SEAL_EXEC = 0x20;
const MS_BIND = 4096;
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;
const LOCK_EX_NB = 2 | 4;
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
const flock = bind<[number, number]>('flock', 'int flock(int fd, int operation)');
const nativeGetxattr = bind<[string, string, Buffer, number]>(
  'getxattr',
  'long getxattr(const char *path, const char *name, void *value, size_t size)',
);

/** Closes a descriptor that did not come from node:fs. */
export const closeFd = (fd: number): void => closeSync(fd);

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

/** Whether this open file now holds the lock; false when another one does. Throws SystemError. flock(2). */
export function flockExclusive(fd: number): boolean {
  return except([E.EWOULDBLOCK], false, () => flock(`descriptor ${fd}`, fd, LOCK_EX_NB) === 0);
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

// ---- sockets -------------------------------------------------------------------------------------------------------

const AF_UNIX = 1;
const AF_NETLINK = 16;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SO_PEERGROUPS = 59;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** Bytes of a path in sockaddr_un, without its NUL. unix(7). */
const UNIX_PATH_MAX = 107;

const socket = bind<[number, number, number]>('socket', 'int socket(int domain, int type, int protocol)');
const bindTo = bind<[number, Buffer, number]>(
  'bind',
  'int bind(int fd, const void *address, unsigned int size)',
);
const connect = bind<[number, Buffer, number]>(
  'connect',
  'int connect(int fd, const void *address, unsigned int size)',
);
const listen = bind<[number, number]>('listen', 'int listen(int fd, int backlog)');
/** What nearly everybody is content with, and what the kernel has as a bound (setgroups(2)). */
const FEW_GROUPS = 64;
const NGROUPS_MAX = 65_536;

const getsockopt = bind<[number, number, number, Buffer, Buffer]>(
  'getsockopt',
  'int getsockopt(int fd, int level, int option, void *value, void *size)',
);
const setsockopt = bind<[number, number, number, Buffer, number]>(
  'setsockopt',
  'int setsockopt(int fd, int level, int option, const void *value, unsigned int size)',
);
const SENDTO =
  'long sendto(int fd, const void *bytes, size_t size, int flags, const void *address, unsigned int length)';
const sendto = bind<[number, Uint8Array, number, number, Buffer, number]>('sendto', SENDTO);
const sendtoElsewhere = libc.func(SENDTO);
const recv = bind<[number, Buffer, number, number]>(
  'recv',
  'long recv(int fd, void *bytes, size_t size, int flags)',
);

/** struct sockaddr_un. A path that begins with `@` is a name without a file. unix(7). */
function unixAddress(path: string): Buffer {
  const address = Buffer.concat([
    Buffer.alloc(2),
    Buffer.from(path),
    Buffer.alloc(path.startsWith('@') ? 0 : 1),
  ]);
  new Uint16Array(address.buffer, address.byteOffset, 1)[0] = AF_UNIX;
  if (path.startsWith('@')) address[2] = 0;
  return address;
}

/** Calls `use` with an address of the socket `path`, by way of its directory where it is too long for an address. */
function withAddress(path: string, use: (address: Buffer) => void): void {
  if (Buffer.byteLength(path) <= UNIX_PATH_MAX) return use(unixAddress(path));
  const directory = openSync(dirname(path), 'r');
  try {
    use(unixAddress(`/proc/self/fd/${directory}/${basename(path)}`));
  } finally {
    closeSync(directory);
  }
}

/** A new socket that `prepare` has done its work on; closed again when that fails. */
function preparedSocket(path: string, type: number, prepare: (fd: number, address: Buffer) => void): number {
  const fd = socket(path, AF_UNIX, type | SOCK_CLOEXEC, 0);
  try {
    withAddress(path, (address) => prepare(fd, address));
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/**
 * A stream socket (blocking, close-on-exec) that listens at `path`, for its owner alone (mode 0600).
 * Throws SystemError (EADDRINUSE when the file is there). unix(7).
 */
export function listenUnix(path: string, backlog: number): number {
  return preparedSocket(path, SOCK_STREAM, (fd, address) => {
    bindTo(path, fd, address, address.length);
    chmodSync(path, 0o600);
    listen(path, fd, backlog);
  });
}

/** A stream socket (non-blocking, close-on-exec) connected to `path`. Throws SystemError (ENOENT, ECONNREFUSED). unix(7). */
export function connectUnix(path: string): number {
  return preparedSocket(path, SOCK_STREAM | SOCK_NONBLOCK, (fd, address) => {
    connect(path, fd, address, address.length);
  });
}

/** Sends one datagram to the socket `path` (`@name` for one without a file). Throws SystemError. sd_notify(3), unix(7). */
export function notifySocket(path: string, text: string): void {
  const bytes = Buffer.from(text);
  const fd = preparedSocket(path, SOCK_DGRAM, (sender, address) => {
    sendto(path, sender, bytes, bytes.length, MSG_NOSIGNAL, address, address.length);
  });
  closeFd(fd);
}

/** Who is at the other end of a connected Unix socket, as it was when it connected. Throws SystemError. unix(7), SO_PEERCRED. */
export function peerCredentials(fd: number): {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
} {
  const value = new Int32Array(3);
  const size = new Int32Array([value.byteLength]);
  getsockopt(
    `descriptor ${fd}`,
    fd,
    SOL_SOCKET,
    SO_PEERCRED,
    Buffer.from(value.buffer),
    Buffer.from(size.buffer),
  );
  return { pid: value[0] ?? 0, uid: value[1] ?? 0, gid: value[2] ?? 0 };
}

/**
 * The supplementary groups of who is at the other end of a connected Unix socket, as they were when it connected. Throws
 * SystemError. unix(7), SO_PEERGROUPS.
 */
export function peerGroups(fd: number): readonly number[] {
  const read = (most: number): readonly number[] => {
    const value = new Uint32Array(most);
    const size = new Int32Array([value.byteLength]);
    const bytes = Buffer.from(value.buffer);
    getsockopt(`descriptor ${fd}`, fd, SOL_SOCKET, SO_PEERGROUPS, bytes, Buffer.from(size.buffer));
    return [...value.subarray(0, (size[0] ?? 0) / value.BYTES_PER_ELEMENT)];
  };
  return except([E.ERANGE], null, () => read(FEW_GROUPS)) ?? read(NGROUPS_MAX);
}

/** A NETLINK_ROUTE socket (close-on-exec) in this process's network namespace. Throws SystemError. netlink(7). */
export function netlinkSocket(): number {
  return socket('NETLINK_ROUTE', AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
}

/** Asks for errors in words, without a copy of the request, and for strictly checked dumps. Throws SystemError. netlink(7). */
export function netlinkOptions(fd: number): void {
  const on = Buffer.from(new Int32Array([1]).buffer);
  for (const option of [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK]) {
    setsockopt('NETLINK_ROUTE', fd, SOL_NETLINK, option, on, on.length);
  }
}

/** struct sockaddr_nl of the kernel. netlink(7). */
const kernel = Buffer.alloc(12);
new Uint16Array(kernel.buffer, kernel.byteOffset, 1)[0] = AF_NETLINK;

/** Sends bytes to the kernel over a netlink socket. Throws SystemError. netlink(7). */
export function netlinkSend(fd: number, bytes: Uint8Array): void {
  sendto('NETLINK_ROUTE', fd, bytes, bytes.length, 0, kernel, kernel.length);
}

/** netlinkSend() on another thread, for requests that the kernel takes its time for. Rejects with SystemError. */
export function netlinkSendElsewhere(fd: number, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    sendtoElsewhere.async(
      fd,
      bytes,
      bytes.length,
      0,
      kernel,
      kernel.length,
      (error: unknown, sent: number) => {
        // errno stays on that thread; `bytes` is named here to be kept until now.
        if (error === null && sent === bytes.length) resolve();
        else reject(new SystemError('sendto', E.EIO, 'NETLINK_ROUTE'));
      },
    );
  });
}

/** Receives one datagram into `into` without waiting: its size in bytes, or null when there is none. Throws SystemError. */
export function netlinkReceive(fd: number, into: Buffer): number | null {
  return except([E.EAGAIN], null, () => recv('NETLINK_ROUTE', fd, into, into.length, MSG_DONTWAIT));
}
