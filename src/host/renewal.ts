import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { StepFailure, SystemError } from './error.js';
import { readText } from './files.js';
import { passOn } from './libc/descriptors.js';
import { execve, waitpid } from './libc/processes.js';

/*
 * jaild makes its newer self of itself: the process stays, with its pid and its children, and so do its lock and its
 * control socket, which callers find open all the time.
 */

const NAME = 'JAILD_RENEWED';
/** Milliseconds that the program has to say its version. */
const PATIENCE = 20_000;

/** Descriptors that an earlier jaild of the same process has left. */
export interface Inherited {
  readonly lock: number;
  readonly control: number;
}

/** What this process was left by an earlier self; null in one that was started. No child of it sees that. */
export function inherited(): Inherited | null {
  const [pid, lock, control] = (process.env[NAME] ?? '').split(':').map(Number);
  Reflect.deleteProperty(process.env, NAME);
  if (pid !== process.pid || lock === undefined || control === undefined) return null;
  return { lock, control };
}

/** The words of this process, the program and its flags included. proc_pid_cmdline(5) */
const ownWords = (): readonly string[] => readFileSync('/proc/self/cmdline', 'utf8').split('\0').slice(0, -1);

/** Sees that the program that is there by now can be run. Rejects with StepFailure. */
export function tryProgram(): Promise<void> {
  const script = process.argv[1] ?? '';
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [...process.execArgv, script, '--version'],
      { timeout: PATIENCE },
      (error, _out, err) => {
        if (error === null) return resolve();
        const words = err.split('\n').find((line) => /error/i.test(line)) ?? error.message;
        reject(new StepFailure('renew', script, words.trim()));
      },
    );
  });
}

/** Begins anew as the program that is there by now. Returns only by throwing SystemError: then all is as it was. */
export function renew({ lock, control }: Inherited): never {
  const environment = { ...process.env, [NAME]: [process.pid, lock, control].join(':') };
  // Node makes its standard streams close-on-exec when it starts.
  const descriptors = [0, 1, 2, lock, control];
  passOn(descriptors, true);
  try {
    return execve(process.execPath, ownWords(), environment, constants.signals.SIGUSR2);
  } finally {
    passOn(descriptors, false);
  }
}

/** Takes note of the ends of children that an earlier self has started, whom nobody here waits for. */
export function reapInherited(): void {
  const pids = new Set(childrenOf(process.pid));
  const reap = (): void => {
    for (const pid of pids) if (hasEnded(pid)) pids.delete(pid);
    if (pids.size === 0) process.off('SIGCHLD', reap);
  };
  process.on('SIGCHLD', reap);
  reap();
}

function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    (readText(`/proc/${pid}/task/${task}/children`) ?? '').split(' ').filter(Boolean).map(Number),
  );
}

function hasEnded(pid: number): boolean {
  try {
    return waitpid(pid) !== null;
  } catch (error) {
    if (error instanceof SystemError && error.errno === constants.errno.ECHILD) return true;
    throw error;
  }
}
