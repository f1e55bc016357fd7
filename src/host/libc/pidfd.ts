import { bind } from './bind.js';

// The numbers of calls newer than Linux 5.1 are the same on every architecture; older C libraries have no wrapper.
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
const SYS_PIDFD_GETFD = 438;

const OPEN = 'long syscall(long number, long a, long b, long c)';
const pidfdSend = bind<[number, number, number, null, number]>(
  'pidfd_send_signal',
  'long syscall(long number, long fd, long signal, void *info, long flags)',
);
const openPid = bind<[number, number, number, number]>('pidfd_open', OPEN);
const getFd = bind<[number, number, number, number]>('pidfd_getfd', OPEN);

/** A descriptor of the process `pid`. Throws SystemError (ESRCH when there is none). pidfd_open(2). */
export const pidfdOpen = (pid: number): number => openPid(`pid ${pid}`, SYS_PIDFD_OPEN, pid, 0, 0);

/** A copy of descriptor `fd` of another process. Throws SystemError (EBADF, ESRCH). pidfd_getfd(2). */
export const pidfdGetfd = (pidfd: number, fd: number): number =>
  getFd(`descriptor ${fd}`, SYS_PIDFD_GETFD, pidfd, fd, 0);

/** Sends a signal to exactly that process. Throws SystemError (ESRCH when it is gone). pidfd_send_signal(2). */
export function pidfdSendSignal(pidfd: number, signal: number): void {
  pidfdSend(`signal ${signal}`, SYS_PIDFD_SEND_SIGNAL, pidfd, signal, null, 0);
}
