import { closeSync, readdirSync } from 'node:fs';
import { E, bind, except } from './bind.js';

const F_SETFD = 2;
const FD_CLOEXEC = 1;
export const F_DUPFD_CLOEXEC = 1030;
const LOCK_EX_NB = 2 | 4;

/** fcntl(2) as it is. Throws SystemError. */
export const fcntl = bind<[number, number, number]>('fcntl', 'int fcntl(int fd, int command, long argument)');
const flock = bind<[number, number]>('flock', 'int flock(int fd, int operation)');

/** Closes a descriptor that did not come from node:fs. */
export const closeFd = (fd: number): void => closeSync(fd);

/**
 * Keeps to this process what it was started with beside its standard streams: Node sees to that for low descriptors alone.
 * Throws SystemError. fcntl(2).
 */
export function keepDescriptors(): void {
  const open = readdirSync('/proc/self/fd').map(Number);
  for (const fd of open.filter((one) => one > 2))
    except([E.EBADF], -1, () => fcntl(`descriptor ${fd}`, fd, F_SETFD, FD_CLOEXEC));
}

/** Another descriptor of what one is open on, for this process alone. Throws SystemError. fcntl(2). */
export const duplicate = (fd: number): number => fcntl(`descriptor ${fd}`, fd, F_DUPFD_CLOEXEC, 3);

/** Lets descriptors go on over execve(), or not. Throws SystemError. fcntl(2). */
export function passOn(descriptors: readonly number[], on: boolean): void {
  for (const fd of descriptors) fcntl(`descriptor ${fd}`, fd, F_SETFD, on ? 0 : FD_CLOEXEC);
}

/** Whether this open file now holds the lock; false when another one does. Throws SystemError. flock(2). */
export function flockExclusive(fd: number): boolean {
  return except([E.EWOULDBLOCK], false, () => flock(`descriptor ${fd}`, fd, LOCK_EX_NB) === 0);
}
