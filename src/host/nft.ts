import { accessSync, closeSync, constants as files, fstatSync, readSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { StepFailure, SystemError } from './error.js';
import { memfd } from './libc/files.js';
import { posixSpawn, waitpid } from './libc/processes.js';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Milliseconds between two looks whether it has ended; it takes about ten. */
const LOOK = 1;
/** Milliseconds. */
const PATIENCE = 30_000;
/** Bytes of what it complains of that are kept. */
const KEPT = 4096;

/**
 * Has nft(8) do a script, all of it or nothing. Rejects with SystemError (ENOENT: it is not installed) or StepFailure, with
 * its words.
 * @param path directories that it is looked for in
 */
export async function runNft(script: string, path = PATH): Promise<void> {
  let { code, words } = await nft(['-f', '-'], script, path);
  // Whoever kills it, as the kernel does for want of memory, means no refusal.
  if (code === null) ({ code, words } = await nft(['-f', '-'], script, path));
  if (code !== 0) throw refusal(words, code);
}

/** A table of the family inet in the words of nft(8), without the elements of sets and maps; null when it has none to say. */
export async function listTable(table: string): Promise<string | null> {
  const { code, answer } = await nft(['--terse', 'list', 'table', 'inet', table], '', PATH);
  return code === 0 ? answer : null;
}

/** What it exited with (null: killed), what it answered, and what it complained of. */
interface Outcome {
  readonly code: number | null;
  readonly answer: string;
  readonly words: string;
}

/** Node would fork for it, which with a memory as large as jaild's takes as long as all else. */
async function nft(args: readonly string[], script: string, path: string): Promise<Outcome> {
  const program = find(path);
  const descriptors = [Buffer.from(script), Buffer.alloc(0), Buffer.alloc(0)].map((bytes) =>
    memfd('nft', bytes),
  );
  try {
    const moves = descriptors.map((fd, to) => [fd, to] as const);
    const pid = posixSpawn(program, ['nft', ...args], { PATH: path, LC_ALL: 'C' }, moves);
    const code = await end(pid);
    const [, answer, words] = descriptors;
    return { code, answer: textOf(answer, Infinity), words: textOf(words, KEPT) };
  } finally {
    descriptors.forEach((fd) => closeSync(fd));
  }
}

function find(path: string): string {
  const program = path
    .split(':')
    .map((directory) => `${directory}/nft`)
    .find(isExecutable);
  if (program !== undefined) return program;
  const hint = 'install the package nftables: nat, rdr and isolate take nft(8)';
  throw new SystemError('run', constants.errno.ENOENT, 'nft', hint);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, files.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What it exited with; null when it was killed. */
async function end(pid: number): Promise<number | null> {
  for (const until = Date.now() + PATIENCE; ; await wait(LOOK)) {
    const ended = waitpid(pid);
    if (ended !== null) return ended.how === 'exit' ? ended.code : null;
    if (Date.now() < until) continue;
    process.kill(pid, 'SIGKILL');
    while (waitpid(pid) === null) await wait(LOOK);
    throw new StepFailure('nft', '', `no answer within ${PATIENCE / 1000} s`);
  }
}

function textOf(fd = -1, most: number): string {
  const bytes = Buffer.alloc(Math.min(most, fstatSync(fd).size));
  return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0));
}

/** "/dev/stdin:7:5-40: Error: Could not process rule: No such file or directory", then the line and what of it is meant. */
function refusal(words: string, code: number | null): StepFailure {
  const [first = '', line = ''] = words.trim().split('\n');
  const [, reason] = /\bError: (.*)$/.exec(first) ?? [];
  const end = code === null ? 'it was killed' : `it exited ${code}`;
  const shown = line.trim().slice(0, 200);
  return new StepFailure('nft', '', reason ?? (first || end), shown === '' ? undefined : `at: ${shown}`);
}
