import { SystemError } from '../../src/host/error.js';

type Failure = Pick<SystemError, 'call' | 'errno' | 'subject' | 'hint'>;

/** What the system refused; null when it did not. Throws all errors that are not the system's. */
export function failureOf(attempt: () => unknown): Failure | null {
  try {
    attempt();
    return null;
  } catch (error) {
    return asFailure(error);
  }
}

/** The same of what takes its time. */
export function rejectionOf(attempt: Promise<unknown>): Promise<Failure | null> {
  return attempt.then(() => null, asFailure);
}

function asFailure(error: unknown): Failure {
  if (!(error instanceof SystemError)) throw error;
  const { call, errno, subject, hint } = error;
  return { call, errno, subject, hint };
}
