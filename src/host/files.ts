import {
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { constants as os } from 'node:os';
import { dirname } from 'node:path';
import { SystemError } from './error.js';

/** Whether it is a failure that node:fs or node:child_process reports. */
export function isErrno(error: unknown): error is NodeJS.ErrnoException & { errno: number } {
  // A SystemError has an errno too, and is what such a failure is turned into.
  if (!(error instanceof Error) || error instanceof SystemError) return false;
  return 'errno' in error && typeof error.errno === 'number';
}

/** Whether it is such a failure with one of the codes ("ENOENT"). */
export function failedWith(error: unknown, ...codes: readonly string[]): boolean {
  return isErrno(error) && codes.includes(error.code ?? '');
}

/** A failure of node:fs as a SystemError; any other error as it is. */
export function systemError(error: unknown, subject?: string, hint?: string): Error {
  if (!isErrno(error)) return error instanceof Error ? error : new Error(String(error));
  return new SystemError(error.syscall ?? 'call', -error.errno, subject ?? error.path ?? '', hint);
}

/** `attempt()`, or `otherwise` where it fails with one of the codes ("ENOENT"). Throws SystemError for any other failure. */
export function unless<T>(codes: readonly string[], otherwise: T, attempt: () => T): T {
  try {
    return attempt();
  } catch (error) {
    if (failedWith(error, ...codes)) return otherwise;
    throw systemError(error);
  }
}

/** The text of a file, or null when it is not there or its process has ended since it was opened. Throws SystemError. proc(5). */
export function readText(path: string): string | null {
  return unless(['ENOENT', 'ENODEV', 'ENOTDIR', 'ESRCH'], null, () => readFileSync(path, 'utf8'));
}

/**
 * Writes to a file that is there already, as those of cgroups and procfs are, each text by a write(2) of its own: nothing is
 * created or truncated.
 * Throws the exception of node:fs.
 */
export function writeControl(path: string, ...texts: readonly string[]): void {
  const fd = openSync(path, constants.O_WRONLY);
  try {
    for (const text of texts) writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

interface WriteOptions {
  /** Survive a power failure as well: fsync(2) the file and its directory. */
  readonly sync?: boolean;
  /** Permissions, 0600 when not given. */
  readonly mode?: number;
}

function syncDirectory(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Replaces a file so that every reader sees the old or the new text and nothing else. Throws SystemError. rename(2). */
export function writeAtomically(path: string, text: string | Uint8Array, options: WriteOptions = {}): void {
  const temporary = `${path}.new-${process.pid}`;
  try {
    writeFileSync(temporary, text, { mode: options.mode ?? 0o600, flush: options.sync ?? false });
    renameSync(temporary, path);
    if (options.sync === true) syncDirectory(dirname(path));
  } catch (error) {
    throw systemError(error, path);
  }
}

/**
 * What a JSON file holds, or null when there is none. Throws SystemError; EILSEQ is a file that is not JSON or not
 * what `guard` wants.
 */
export function readJson<T>(path: string, guard: (value: unknown) => value is T): T | null {
  const text = readText(path);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (guard(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new SystemError(
    'read',
    os.errno.EILSEQ,
    path,
    'it is damaged: move it away, or put a good copy there',
  );
}
