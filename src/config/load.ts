import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { globSync } from 'tinyglobby';
import { MAX_BYTES, systemError, textOf, tooLarge } from './bytes.js';
import { compile, type Compiled, type FileAccess } from './compile.js';

const CHUNK = 1024 * 1024;
/** How long a pipe may be silent, in milliseconds: the daemon must not wait for ever for a file. */
const PIPE_PATIENCE = 5000;
export const STDIN = 'STDIN'; // its name in messages, as jail(8) has it

/**
 * Reads and compiles configuration files.
 * @param paths `-` is standard input
 * @param ruleFile a file in the syntax of rctl.conf(5) that counts when it is there
 */
export function loadConfiguration(paths: readonly string[], ruleFile: string | null = null): Compiled {
  return compile(
    paths.map((path) => (path === '-' ? STDIN : path)),
    hostFiles(paths.includes('-')),
    ruleFile,
  );
}

/** The files of a host: the main file where there is one, then DIRECTORY/*.conf in sorted order. */
export function configurationFiles(mainFile: string, directory: string): readonly string[] {
  const parts = namesIn(directory).filter((name) => name.endsWith('.conf') && !name.startsWith('.'));
  const main = namesIn(dirname(mainFile)).includes(mainFile.slice(mainFile.lastIndexOf('/') + 1))
    ? [mainFile]
    : [];
  return [...main, ...parts.sort().map((name) => join(directory, name))];
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
    throw error;
  }
}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'code' in error;

/** The real file system. @param useStdin whether the file "STDIN" is standard input */
export function hostFiles(useStdin = false): FileAccess {
  return {
    readFile: (path) => textOf(readBytes(useStdin && path === STDIN ? '-' : path), path),
    glob: (pattern, directory) => matchPattern(pattern.startsWith('/') ? pattern : directory + pattern),
  };
}

/** Paths that match, in sorted order and as the pattern spells them. */
function matchPattern(pattern: string): readonly string[] {
  const fixed = pattern.slice(0, pattern.search(/[*?[]/));
  const cwd = fixed.slice(0, fixed.lastIndexOf('/') + 1);
  const rest = pattern.slice(cwd.length);
  const options = { cwd: cwd || '.', expandDirectories: false, onlyFiles: false, followSymbolicLinks: false };
  return globSync(rest, options)
    .map((name) => cwd + name)
    .sort();
}

/** The bytes of a file, as large as one may be. @param path `-` is standard input @throws NodeJS.ErrnoException */
export function readBytes(path: string): Buffer {
  return path === '-' ? readAll(0, STDIN) : readFileBounded(path);
}

function readFileBounded(path: string): Buffer {
  // Opening a pipe without O_NONBLOCK waits for a writer that may never come.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    return readAll(fd, path);
  } finally {
    closeSync(fd);
  }
}

function readAll(fd: number, path: string): Buffer {
  const stat = fstatSync(fd);
  if (stat.isDirectory()) throw systemError('EISDIR', 'is a directory', path);
  if (!stat.isFile() && !stat.isFIFO() && fd !== 0) throw systemError('EINVAL', 'not a file or a pipe', path);
  // As large as the file is said to be, so that it need not be copied; what is read tells where it ends.
  let bytes = Buffer.allocUnsafeSlow(Math.min(stat.size, MAX_BYTES) + CHUNK);
  let size = 0;
  for (let read = readSome(fd, bytes, size, path); read > 0; read = readSome(fd, bytes, size, path)) {
    size += read;
    if (size > MAX_BYTES) throw tooLarge(MAX_BYTES, '', path);
    if (size === bytes.length) bytes = Buffer.concat([bytes, Buffer.allocUnsafeSlow(size)]);
  }
  return bytes.subarray(0, size);
}

/** @param at where in the buffer there is room */
function readSome(fd: number, bytes: Buffer, at: number, path: string): number {
  for (let waited = 0; waited < PIPE_PATIENCE; waited += 10) {
    try {
      return readSync(fd, bytes, at, Math.min(CHUNK, bytes.length - at), null);
    } catch (error) {
      if (!isSystemError(error) || error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
  throw systemError('ETIMEDOUT', 'nothing was written to it for 5 s', path);
}
