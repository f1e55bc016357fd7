import { constants } from 'node:os';

const { EAGAIN, EINTR, EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOSPC, ESRCH } = constants.errno;
const SHORTAGES: readonly number[] = [EAGAIN, EINTR, EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOSPC, ESRCH];

/** Whether an errno is of the host, which lacks something for now, and says nothing of what was to be tried. */
export function isShortage(errno: number): boolean {
  return SHORTAGES.includes(errno);
}
