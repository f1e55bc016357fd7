import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { constants } from 'node:os';
import { printable } from '../config/visible.js';
import type { HookArgs } from '../plan/step.js';
import { StepFailure, SystemError, TimeLimit } from './error.js';
import { isErrno, systemError } from './files.js';
import { findSystemUser } from './passwd.js';
import { describeSignal } from './signal.js';

/** Bytes of a hook's output that are kept for its error, and the longest line handed on. */
const OUTPUT_KEPT = 4096;
/** Milliseconds that a hook's output is waited for after its end: a daemon that it left behind may hold the pipe for ever. */
const OUTPUT_WAIT = 200;

/** A hook's output, whole lines of stdout and stderr as they come. */
export type LineListener = (line: string) => void;

interface HookEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
  readonly lastLine: string | undefined;
}

/**
 * Runs a command on the host as jail(8) does: without a shell of its own, from `/`, with exactly the environment given,
 * nothing on stdin, in a session of its own. Resolves when it has exited 0; a background command when it has started.
 * `onBegin` is told the leader of its session, which is waited for. After `timeout`, or when `signal` aborts, its whole process group is killed. Rejects with StepFailure ("exited 3",
 * "timed out after 5 s") or SystemError (the program could not be run).
 */
export async function runHook(
  hook: HookArgs,
  onLine: LineListener = () => undefined,
  signal?: AbortSignal,
  onBegin: (pid: number) => void = () => undefined,
): Promise<void> {
  const [file, ...args] = hook.argv;
  if (file === undefined) return;
  const options: SpawnOptions = { cwd: '/', env: { ...hook.environment }, detached: true, ...identity(hook) };
  const start = (how: SpawnOptions): ChildProcess => {
    try {
      return spawn(file, args, how);
    } catch (error) {
      throw spawnError(error, hook); // E2BIG and such; most failures are told by an event
    }
  };
  if (hook.background) return startBackground(hook, start({ ...options, stdio: 'ignore' }));
  const child = start({ ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  if (child.pid !== undefined) onBegin(child.pid);
  const kill = (): void => killGroup(child);
  signal?.addEventListener('abort', kill);
  const end = await ended(hook, child, onLine).finally(() => signal?.removeEventListener('abort', kill));
  if (end.timedOut) throw failure(hook, `timed out after ${hook.timeout} s`, end, TimeLimit);
  if (end.signal !== null)
    throw failure(hook, `ended by ${describeSignal(constants.signals[end.signal])}`, end);
  if (end.code !== 0) throw failure(hook, `exited ${end.code}`, end);
}

function failure(
  hook: HookArgs,
  reason: string,
  { lastLine }: HookEnd,
  Kind: typeof StepFailure = StepFailure,
): StepFailure {
  const hint = lastLine === undefined ? undefined : `its last words: ${lastLine}`;
  return new Kind(hook.phase, hook.command, reason, hint);
}

/**
 * The ids of `exec.system_user` from the host's passwd. libuv drops supplementary groups when it changes the uid, so a
 * hook has the user's main group and no others.
 */
function identity(hook: HookArgs): { uid?: number; gid?: number } {
  if (hook.user === null || hook.user === 'root') return {};
  const entry = findSystemUser(hook.user);
  if (entry === null) throw new StepFailure(hook.phase, hook.command, `${hook.user}: no such user`);
  return { uid: entry.uid, gid: entry.gid };
}

function spawnError(error: unknown, hook: HookArgs): Error {
  const file = hook.argv[0] ?? '';
  if (!isErrno(error)) return systemError(error);
  const missing = error.code === 'ENOENT' && !file.includes('/');
  const hint = missing ? `no directory of PATH has it (${hook.environment['PATH'] ?? ''})` : undefined;
  return new SystemError(hook.phase, -error.errno, file, hint);
}

function startBackground(hook: HookArgs, child: ChildProcess): Promise<void> {
  child.unref();
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(spawnError(error, hook)));
  });
}

/** Ends the process group, of which a session leader is the first member. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (!isErrno(error) || error.code !== 'ESRCH') throw systemError(error, `process group ${child.pid}`);
  }
}

function ended(hook: HookArgs, child: ChildProcess, onLine: LineListener): Promise<HookEnd> {
  return new Promise((resolve, reject) => {
    const [output, errors] = [new Lines(onLine), new Lines(onLine)];
    let timedOut = false;
    const limit = hook.timeout <= 0 ? undefined : setTimeout(onTimeout, hook.timeout * 1000);
    function onTimeout(): void {
      timedOut = true;
      killGroup(child);
    }
    child.stdout?.setEncoding('utf8').on('data', (text: string) => output.add(text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => errors.add(text));
    child.once('error', (error) => {
      clearTimeout(limit);
      reject(spawnError(error, hook));
    });
    child.once('exit', () => {
      clearTimeout(limit);
      const patience = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, OUTPUT_WAIT);
      child.once('close', () => clearTimeout(patience));
    });
    child.once('close', (code, signal) => {
      output.end();
      errors.end();
      resolve({ code, signal, timedOut, lastLine: errors.last ?? output.last });
    });
  });
}

/** Cuts output into lines, handing on at most OUTPUT_KEPT characters of each, harmless to a terminal. */
class Lines {
  readonly #onLine: LineListener;
  #rest = '';
  /** The last line that was not blank. */
  last: string | undefined;

  constructor(onLine: LineListener) {
    this.#onLine = onLine;
  }

  add(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = (lines.pop() ?? '').slice(-OUTPUT_KEPT);
    lines.forEach((line) => this.#hand(line));
  }

  end(): void {
    if (this.#rest !== '') this.#hand(this.#rest);
    this.#rest = '';
  }

  #hand(line: string): void {
    // It may show what a jail has laid, and is read on terminals.
    const shown = printable(line.slice(-OUTPUT_KEPT));
    if (shown.trim() !== '') this.last = shown.trim();
    this.#onLine(shown);
  }
}
