import { constants } from 'node:os';
import * as koffi from 'koffi';
import { SystemError } from '../error.js';

/*
 * The files of this folder have all system calls that Node lacks, and nothing else. None of them may change a namespace,
 * a credential or the working directory: Node has threads, and the kernel keeps these for each thread.
 */

type Argument = number | bigint | string | Uint8Array | number[] | readonly (string | null)[] | null;

const libc = koffi.load(null);

/** The errnos by their names. errno(3). */
export const { errno: E } = constants;

/** A function of the C library as it is: whoever calls it looks at its result. */
export function declare<A extends readonly Argument[]>(prototype: string): (...args: A) => number {
  return libc.func(prototype) as (...args: A) => number;
}

/** The same on another thread, for a call that takes its time; -1 when it fails. The caller holds its buffers until then. */
export function declareElsewhere<A extends readonly Argument[]>(
  prototype: string,
): (...args: A) => Promise<number> {
  const native = libc.func(prototype);
  return (...args) =>
    new Promise((resolve) => {
      // errno stays on that thread.
      native.async(...args, (error: unknown, result: number) => resolve(error === null ? result : -1));
    });
}

/** A function that fails with -1 and errno, as one that throws SystemError; its first argument is what it is done to. */
export function bind<A extends readonly Argument[]>(call: string, prototype: string) {
  const native = declare<A>(prototype);
  return (subject: string, ...args: A): number => {
    const result = native(...args);
    const errno = result === -1 ? koffi.errno() : 0; // read at once: any other call may change it
    if (errno !== 0) throw new SystemError(call, errno, subject);
    return result;
  };
}

/** `attempt()`, or `otherwise` where it fails with one of the errnos. */
export function except<T>(errnos: readonly number[], otherwise: T, attempt: () => T): T {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof SystemError && errnos.includes(error.errno)) return otherwise;
    throw error;
  }
}

/** Where the bytes are, as system calls take it within other bytes; they stay there as long as they are in use. */
export const addressOf = (bytes: Uint8Array): bigint => koffi.address(bytes);
