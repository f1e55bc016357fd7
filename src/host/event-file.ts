import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { constants as os } from 'node:os';
import { dirname } from 'node:path';
import { SystemError } from './error.js';
import { readText, systemError, unless } from './files.js';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDWR } = constants;
const NEWLINE = 0x0a;

/**
 * The last lines of something that goes on, in two files: the newer is added to, and takes the place of the older when
 * it has its number of lines. A line is there once append() is back, also for whoever comes after a SIGKILL.
 */
export class EventFile {
  private fd = -1;
  private lines = 0;

  /** @param size lines that are kept at least; there are never more than twice as many */
  constructor(
    private readonly path: string,
    private readonly size: number,
  ) {}

  private get older(): string {
    return `${this.path}.1`;
  }

  /** All whole lines, oldest first: one that was being written at the end of its process is none. Throws SystemError. */
  load(): readonly string[] {
    const kept = readText(this.older) ?? '';
    const lines = wholeLines(readText(this.path) ?? '');
    this.lines = lines.length;
    return [...wholeLines(kept), ...lines];
  }

  /** All of the lines, or none of them. Throws SystemError. */
  append(lines: readonly string[]): void {
    // Whoever cleans up /run takes the name, and this process would go on writing to nobody.
    if (this.fd === -1 || fstatSync(this.fd).nlink === 0) this.open();
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    this.write(bytes);
    this.lines += lines.length;
    if (this.lines >= this.size) this.turn();
  }

  /** Forgets all lines. Throws SystemError. */
  clear(): void {
    this.close();
    for (const path of [this.path, this.older]) unless([], undefined, () => rmSync(path, { force: true }));
    this.lines = 0;
  }

  private write(bytes: Buffer): void {
    try {
      const written = writeSync(this.fd, bytes);
      if (written === bytes.length) return;
      ftruncateSync(this.fd, fstatSync(this.fd).size - written);
    } catch (error) {
      this.close();
      throw systemError(error, this.path);
    }
    throw new SystemError('write', os.errno.ENOSPC, this.path);
  }

  private turn(): void {
    try {
      renameSync(this.path, this.older);
    } catch {
      return; // The lines are written, and the next one tries again.
    }
    this.close();
    this.lines = 0;
  }

  /** For adding to it, behind the last whole line. */
  private open(): void {
    this.close();
    const flags = O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW;
    unless([], undefined, () => {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o755 });
      this.fd = openSync(this.path, flags, 0o600);
      const bytes = readFileSync(this.fd);
      const whole = bytes.lastIndexOf(NEWLINE) + 1;
      if (whole < bytes.length) ftruncateSync(this.fd, whole);
    });
  }

  private close(): void {
    if (this.fd !== -1) closeSync(this.fd);
    this.fd = -1;
  }
}

function wholeLines(text: string): readonly string[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '');
}
