import { chmodSync, closeSync, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { SystemError } from '../error.js';
import { E, bind, declareElsewhere, except } from './bind.js';
import { closeFd } from './descriptors.js';

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
/** What nearly everybody is content with, and what the kernel has as a bound (setgroups(2)). */
const FEW_GROUPS = 64;
const NGROUPS_MAX = 65_536;

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
const sendtoElsewhere = declareElsewhere<[number, Uint8Array, number, number, Buffer, number]>(SENDTO);
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

/**
 * Sends one datagram to the socket `path` (`@name` for one without a file), at once. Throws SystemError, EAGAIN where it has
 * no room. sd_notify(3), unix(7).
 */
export function notifySocket(path: string, text: string): void {
  const bytes = Buffer.from(text);
  const fd = preparedSocket(path, SOCK_DGRAM, (sender, address) => {
    sendto(path, sender, bytes, bytes.length, MSG_NOSIGNAL | MSG_DONTWAIT, address, address.length);
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

const NETLINK_ROUTE = 0;
/** Of packet filters and connection tracking. */
export const NETLINK_NETFILTER = 12;

/** A netlink socket (close-on-exec) in this process's network namespace. Throws SystemError. netlink(7). */
export function netlinkSocket(family: number = NETLINK_ROUTE): number {
  return socket('netlink', AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family);
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
export async function netlinkSendElsewhere(fd: number, bytes: Uint8Array): Promise<void> {
  const sent = await sendtoElsewhere(fd, bytes, bytes.length, 0, kernel, kernel.length);
  // `bytes` is named here to be kept until now.
  if (sent !== bytes.length) throw new SystemError('sendto', E.EIO, 'NETLINK_ROUTE');
}

/** Receives one datagram into `into` without waiting: its size in bytes, or null when there is none. Throws SystemError. */
export function netlinkReceive(fd: number, into: Buffer): number | null {
  return except([E.EAGAIN], null, () => recv('NETLINK_ROUTE', fd, into, into.length, MSG_DONTWAIT));
}
