import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandResult } from './context.js';

const PROGRAM = join(import.meta.dirname, '../../../bin/jail');

/**
 * Calls jail again with what stands on standard input in a file, since jaild reads files and nobody's input. The file is
 * called STDIN, as jail(8) calls it in its messages. Throws NodeJS.ErrnoException.
 */
export function callWithInput(words: readonly string[]): CommandResult {
  const directory = mkdtempSync(join(tmpdir(), 'jail-'));
  try {
    const file = join(directory, 'STDIN');
    writeFileSync(file, readFileSync(0), { mode: 0o600 });
    const { status, error } = spawnSync(PROGRAM, withFile(words, file), {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (error !== undefined) throw error;
    return { exit: status ?? 1 };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The last -f is the one that counts, and options end at the first operand. */
function withFile(words: readonly string[], file: string): readonly string[] {
  const at = words.findLastIndex((word) => /^-[a-zA-Z]*f-$/.test(word) || word === '-');
  const word = words[at] ?? '';
  const named = word === '-' ? file : word.slice(0, -1) + file;
  return [...words.slice(0, at), named, ...words.slice(at + 1)];
}
