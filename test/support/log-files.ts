import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Times of lines: minutes after eleven. */
export const at = (minute: number, micros = 0): string =>
  `2026-11-22T11:${String(minute).padStart(2, '0')}:00.${String(micros).padStart(6, '0')}Z`;

export const line = (minute: number, text = `line ${minute}`, stream = 'stdout'): string =>
  `${at(minute)} ${stream} ${text}\n`;

export const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, index) => line(from + index)).join('');

/** A directory of logs of a test's own, which are written, rotated and compressed as jailers and jaild do it. */
export class LogDirectory {
  readonly path = mkdtempSync(join(tmpdir(), 'jaild-logs-'));

  log(jail: string): string {
    return join(this.path, `${jail}.log`);
  }

  names(): readonly string[] {
    return readdirSync(this.path);
  }

  /** PATH becomes PATH.1, that PATH.2 and so on, compressed or not. */
  rotate(jail: string): void {
    const log = this.log(jail);
    for (let n = 20; n > 0; n--)
      for (const end of ['', '.gz'])
        if (this.names().includes(`${jail}.log.${n}${end}`))
          renameSync(`${log}.${n}${end}`, `${log}.${n + 1}${end}`);
    renameSync(log, `${log}.1`);
  }

  /** The compressed file has the time of the other one, and its place before that is gone. */
  compress(jail: string, generation: number): void {
    const file = `${this.log(jail)}.${generation}`;
    const { atime, mtime } = statSync(file);
    writeFileSync(`${file}.new`, gzipSync(readFileSync(file)));
    utimesSync(`${file}.new`, atime, mtime);
    renameSync(`${file}.new`, `${file}.gz`);
    rmSync(file);
  }

  drop(jail: string, generation: number): void {
    rmSync(generation === 0 ? this.log(jail) : `${this.log(jail)}.${generation}`);
  }

  clear(): void {
    for (const name of this.names()) rmSync(join(this.path, name));
  }

  /** Descriptors of this process that are open in the directory. */
  open(): readonly string[] {
    return readdirSync('/proc/self/fd')
      .map((fd) => linkOf(`/proc/self/fd/${fd}`))
      .filter((target) => target.startsWith(this.path));
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // the descriptor with which the directory was read
  }
}
