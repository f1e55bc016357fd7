import { getSystemErrorMap } from 'node:util';

/** A call to the system that failed: which one, on what, why; `hint` says what to do about it. */
export class SystemError extends Error {
  readonly call: string;
  readonly subject: string;
  readonly errno: number;
  readonly hint: string | undefined;

  constructor(call: string, errno: number, subject: string, hint?: string) {
    super(`${call} ${subject}: ${errnoWords(errno)}`);
    this.name = 'SystemError';
    this.call = call;
    this.subject = subject;
    this.errno = errno;
    this.hint = hint;
  }
}

/** A step of a jail's life that failed for a reason that is not an errno: "exited 3", "timed out". */
export class StepFailure extends Error {
  readonly step: string;
  readonly subject: string;
  readonly reason: string;
  readonly hint: string | undefined;

  constructor(step: string, subject: string, reason: string, hint?: string) {
    super(`${[step, subject].filter((word) => word !== '').join(' ')}: ${reason}`);
    this.name = 'StepFailure';
    this.step = step;
    this.subject = subject;
    this.reason = reason;
    this.hint = hint;
  }
}

/** A command that was killed for it took longer than it may. */
export class TimeLimit extends StepFailure {}

/** errno in words, as strerror(3) says it. */
export function errnoWords(errno: number): string {
  const entry = getSystemErrorMap().get(-errno);
  if (entry === undefined) return `errno ${errno}`;
  return entry[1].charAt(0).toUpperCase() + entry[1].slice(1);
}
