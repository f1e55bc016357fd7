import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { compile, type Compiled, type FileAccess } from './compile.js';
import { expandPattern } from './files/glob.js';
import { distrustOf, type Distrust } from './files/trust.js';
import { CHUNK, MODEST, refuseShapeless, systemError, tooLarge } from './files/large-files.js';

/** How long a pipe may be silent, in milliseconds: the daemon must not wait for ever for a file. */
const PIPE_PATIENCE = 5000;
export const STDIN = 'STDIN'; // its name in messages, as jail(8) has it

/**
 * Reads and compiles configuration files.
 * @param paths `-` is standard input
 * @param ruleFile a file in the syntax of rctl.conf(5) that counts when it is there
 * @param whose `root`: what others than root can change is not read, for a daemon does as root what it says
 */
export function loadConfiguration(
  paths: readonly string[],
  ruleFile: string | null = null,
  whose: 'root' | 'anyone' = 'anyone',
): Compiled {
  const files = hostFiles(paths.includes('-'));
  return compile(
    paths.map((path) => (path === '-' ? STDIN : path)),
    whose === 'root' ? { ...files, readFile: (path) => (keepTrust(path), files.readFile(path)) } : files,
    ruleFile,
  );
}

function keepTrust(path: string): void {
  const distrust = path === STDIN ? null : distrustAt(path);
  if (distrust === null) return;
  throw Object.assign(systemError('EPERM', distrust.reason, path), { hint: distrust.hint });
}

/**
 * Who else than root can change a file, and what to do about it; null for nobody, and for what is not there. What is said
 * holds on: who can't write to the directory can't put another file there either.
 */
export function distrustAt(path: string): Distrust | null {
  const user = process.geteuid?.() ?? 0;
  const look = (file: string): Distrust | null => {
    const stat = statSync(file);
    return stat.isFile() || stat.isFIFO() ? distrustOf(file, stat, statSync(dirname(file)), user) : null;
  };
  try {
    const own = look(path);
    // Where a link leads, others may write as well; a pipe has no name.
    return own ?? (statSync(path).isFile() ? look(realpathSync(path)) : null);
  } catch (error) {
    if (isSystemError(error)) return null; // reading it says why
    throw error;
  }
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

/** What cannot be listed has nothing that matches. */
function namesOrNone(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isSystemError(error)) return [];
    throw error;
  }
}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'code' in error;

/** The real file system. @param useStdin whether the file "STDIN" is standard input */
export function hostFiles(useStdin = false): FileAccess {
  return {
    readFile: (path) => withFile(useStdin && path === STDIN ? '-' : path, readText),
    glob: (pattern, directory) =>
      expandPattern(pattern.startsWith('/') ? pattern : directory + pattern, (folder) => namesOrNone(folder)),
  };
}

/** The bytes of a file, as large as one may be. @param path `-` is standard input @throws NodeJS.ErrnoException */
export function readBytes(path: string): Buffer {
  return withFile(path, (fd, name) => (isWholeFile(fd, name) ? readFileSync(fd) : readPipe(fd, name)));
}

/** Of all ways this one takes the least memory: no buffer of the file's size waits to be collected. */
function readText(fd: number, path: string): string {
  return isWholeFile(fd, path) ? readFileSync(fd, 'utf8') : readPipe(fd, path).toString('utf8');
}

/** Opens a file and does something with it. @param path `-` is standard input */
function withFile<T>(path: string, use: (fd: number, path: string) => T): T {
  if (path === '-') return use(0, STDIN);
  // Opening a pipe without O_NONBLOCK waits for a writer that may never come.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    return use(fd, path);
  } finally {
    closeSync(fd);
  }
}

/** @returns whether it is a file, which is not too large, or something else that can be read from */
function isWholeFile(fd: number, path: string): boolean {
  const stat = fstatSync(fd);
  if (stat.isDirectory()) throw systemError('EISDIR', 'is a directory', path);
  const isNull = path === '/dev/null' && stat.isCharacterDevice(); // -f /dev/null is how people say: no file
  if (!stat.isFile() && !stat.isFIFO() && !isNull && fd !== 0)
    throw systemError('EINVAL', 'not a file or a pipe', path);
  if (stat.isFile() && stat.size > MODEST) refuseShapeless(piecesOf(fd), path);
  return stat.isFile();
}

/** A file in pieces, each of which is overwritten by the next. */
function* piecesOf(fd: number): Iterable<Buffer> {
  const piece = Buffer.allocUnsafe(CHUNK);
  let size = 0;
  for (let read; (read = readSync(fd, piece, 0, CHUNK, size)) > 0; size += read)
    yield piece.subarray(0, read);
}

function readPipe(fd: number, path: string): Buffer {
  const chunks: Buffer[] = [];
  for (let size = 0, chunk = readChunk(fd, path); chunk.length > 0; chunk = readChunk(fd, path)) {
    size += chunk.length;
    if (size > MODEST) throw tooLarge(MODEST, ' and no file', path);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function readChunk(fd: number, path: string): Buffer {
  const chunk = Buffer.allocUnsafe(CHUNK);
  for (let waited = 0; waited < PIPE_PATIENCE; waited += 10) {
    try {
      return chunk.subarray(0, readSync(fd, chunk));
    } catch (error) {
      if (!isSystemError(error) || error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
  throw systemError('ETIMEDOUT', 'nothing was written to it for 5 s', path);
}
