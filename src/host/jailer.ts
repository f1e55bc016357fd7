import { openSync, readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LaunchRecord } from '../plan/step.js';
import { StepFailure, SystemError } from './error.js';
import { hintFor } from './hint.js';
import type { Ended, JailerHandle } from './host.js';
import { JailerConnection } from './jailer-connection.js';
import { encodePlan, readRecord, type ExitRecord } from './jailer-message.js';
import { closeFd } from './libc/descriptors.js';
import { memfd, memfdSealed } from './libc/files.js';
import { posixSpawn, waitpid } from './libc/processes.js';
import { connectUnix, listenUnix, peerCredentials } from './libc/sockets.js';

const BINARY = fileURLToPath(new URL('../../../native/build/jailer', import.meta.url));
const BACKLOG = 64;
/** Milliseconds until a jailer that says nothing is given up: one that builds a jail, one that runs since long. */
const PATIENCE = 30_000;
const PATIENCE_AGAIN = 5000;
/** Milliseconds between two looks for a jailer that has closed its socket and is about to end. */
const REAP_INTERVAL = 5;

const { ENOENT, ECONNREFUSED, ECHILD, EPERM, ETIMEDOUT } = constants.errno;

let binary: number | null = null;
let nowhere: number | null = null;

/**
 * The jailer's program in a sealed file in memory, made once: nothing in a jail can reach a file that it could change.
 * Throws SystemError when it has not been built.
 */
export function jailerBinary(): number {
  binary ??= memfdSealed('jailer', readBinary());
  return binary;
}

function readBinary(): Buffer {
  try {
    return readFileSync(BINARY);
  } catch (error) {
    const errno = -((error as NodeJS.ErrnoException).errno ?? -ENOENT); // node:fs throws nothing else
    throw new SystemError('read', errno, BINARY, 'run "npm run setup", which compiles it');
  }
}

/**
 * Starts the jailer of a new jail with its launch plan. Resolves when the jail's first process is there and waits for
 * go(). `program` is a descriptor of the jailer's program, `rundir` the jail's directory, which is there. One that says
 * nothing for `patience` milliseconds is killed.
 * Rejects with SystemError, named by the jailer's step, or StepFailure when the jailer ended without a word.
 */
export async function spawnJailer(
  program: number,
  rundir: string,
  records: readonly LaunchRecord[],
  patience = PATIENCE,
): Promise<JailerHandle> {
  const { pid, connection } = spawn(program, rundir, records);
  const handle = new JailerConnection(connection, () => reap(pid));
  // Else it would go on when what it waits for is there, and build a jail that nobody knows.
  const giveUp = (): void => void process.kill(pid, 'SIGKILL');
  const failure = await introduction(handle, rundir, patience, giveUp).catch((error: unknown) => {
    if (error instanceof SystemError) throw error;
    throw new StepFailure('jailer', rundir, 'ended before it had said anything');
  });
  if (failure !== null) throw buildError(failure);
  return handle;
}

/** The running jailer of `rundir`; null when there is none. Rejects with SystemError (EPERM: it is not root's). */
export async function connectJailer(rundir: string): Promise<JailerHandle | null> {
  const fd = connect(rundir);
  if (fd === null) return null;
  if (peerCredentials(fd).uid !== 0) {
    closeFd(fd);
    throw new SystemError('connect', EPERM, socketOf(rundir), 'its owner is not root');
  }
  const handle = new JailerConnection(fd, () => undefined);
  return introduction(handle, rundir, PATIENCE_AGAIN).then(
    () => handle,
    () => null,
  );
}

/** How the jail of `rundir` ended, as its jailer wrote it; null when it has not. Throws SystemError. */
export function readExitRecord(rundir: string): ExitRecord | null {
  const path = join(rundir, 'exit');
  try {
    return readRecord(readFileSync(path, 'utf8'));
  } catch (error) {
    const errno = -((error as NodeJS.ErrnoException).errno ?? 0); // node:fs throws nothing else
    if (errno === ENOENT) return null;
    throw new SystemError('read', errno, path);
  }
}

const socketOf = (rundir: string): string => join(rundir, 'jailer.sock');

/** Starts the program. The connection is made before, so that it is there to be lost if the program ends at once. */
function spawn(
  program: number,
  rundir: string,
  records: readonly LaunchRecord[],
): { readonly pid: number; readonly connection: number } {
  nowhere ??= openSync('/dev/null', 'r+');
  rmSync(socketOf(rundir), { force: true });
  const listener = listenUnix(socketOf(rundir), BACKLOG);
  const plan = memfd('plan', encodePlan(records));
  const connection = connectUnix(socketOf(rundir));
  try {
    const descriptors = [nowhere, nowhere, nowhere, plan, listener].map((fd, to) => [fd, to] as const);
    const pid = posixSpawn(`/proc/self/fd/${program}`, ['jailer', rundir], {}, descriptors);
    return { pid, connection };
  } catch (error) {
    closeFd(connection);
    throw error;
  } finally {
    closeFd(plan);
    closeFd(listener);
  }
}

/** Waits for the jailer's first words, but not for ever. */
function introduction(
  handle: JailerConnection,
  rundir: string,
  milliseconds: number,
  giveUp: () => void = () => undefined,
): Promise<Ended | null> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new SystemError('jailer', ETIMEDOUT, rundir, 'it is alive but says nothing'));
      giveUp();
      handle.close();
    }, milliseconds);
  });
  return Promise.race([handle.introduced, patience]).finally(() => clearTimeout(timer));
}

/** A step of the jailer that failed. */
export function buildError({ step = 'jailer', subject = '', code }: Ended): SystemError {
  return new SystemError(step, code, subject, hintFor(step, code, subject));
}

function connect(rundir: string): number | null {
  try {
    return connectUnix(socketOf(rundir));
  } catch (error) {
    if (error instanceof SystemError && [ENOENT, ECONNREFUSED].includes(error.errno)) return null;
    throw error;
  }
}

/** Takes note of the end of a jailer that is our child, so that no zombie stays. */
function reap(pid: number): void {
  try {
    if (waitpid(pid) === null) setTimeout(() => reap(pid), REAP_INTERVAL).unref();
  } catch (error) {
    if (!(error instanceof SystemError && error.errno === ECHILD)) throw error;
  }
}
