import { SystemError } from '../error.js';
import type { Ended } from '../host.js';
import { E, bind, declare } from './bind.js';
import { closeFd, F_DUPFD_CLOEXEC, fcntl } from './descriptors.js';

const SPAWN_SETSIGDEF = 0x04;
const SPAWN_SETSIGMASK = 0x08;
const SPAWN_SETSID = 0x80;
const WNOHANG = 1;
/** More than posix_spawnattr_t, posix_spawn_file_actions_t and sigset_t need in any libc, in bytes. */
const OPAQUE = 1024;

const actionsInit = declare<[Buffer]>('int posix_spawn_file_actions_init(void *actions)');
const actionsDestroy = declare<[Buffer]>('int posix_spawn_file_actions_destroy(void *actions)');
const actionsDup2 = declare<[Buffer, number, number]>(
  'int posix_spawn_file_actions_adddup2(void *actions, int from, int to)',
);
const attrInit = declare<[Buffer]>('int posix_spawnattr_init(void *attr)');
const attrSetFlags = declare<[Buffer, number]>('int posix_spawnattr_setflags(void *attr, short flags)');
const attrSetMask = declare<[Buffer, Buffer]>('int posix_spawnattr_setsigmask(void *attr, const void *set)');
const attrSetDefault = declare<[Buffer, Buffer]>(
  'int posix_spawnattr_setsigdefault(void *attr, const void *set)',
);
const nativeSpawn = declare<
  [number[], string, Buffer, Buffer, readonly (string | null)[], readonly (string | null)[]]
>(
  'int posix_spawn(_Out_ int *pid, const char *path, const void *actions, const void *attr, const char **argv, const char **envp)',
);
const nativeWaitpid = bind<[number, number[], number]>(
  'waitpid',
  'int waitpid(int pid, _Out_ int *status, int options)',
);
const nativeExit = declare<[number]>('void _exit(int code)');
const nativeExecve = bind<[string, readonly (string | null)[], readonly (string | null)[]]>(
  'execve',
  'int execve(const char *path, const char **argv, const char **envp)',
);
const setSignal = declare<[number, bigint]>('intptr_t signal(int number, intptr_t action)');
const SIG_IGN = 1n;

/** Ends this process without waiting for any of its threads. _exit(2). */
export const exitAtOnce = (code: number): void => void nativeExit(code);

/**
 * Makes another program of this process, which keeps its pid and its children; the program ignores `deaf`, a signal, until it
 * says otherwise. Returns only by throwing SystemError; `deaf` is ignored then too. execve(2).
 */
export function execve(
  path: string,
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  deaf: number,
): never {
  const settings = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  setSignal(deaf, SIG_IGN);
  nativeExecve(path, path, [...argv, null], [...settings, null]);
  throw new SystemError('execve', E.EINVAL, path); // it does not come back but with an error
}

/** What posix_spawn() is told of every program: a session of its own, no signal blocked or ignored. */
const inFreshSession = Buffer.alloc(OPAQUE);
attrInit(inFreshSession);
attrSetFlags(inFreshSession, SPAWN_SETSIGMASK | SPAWN_SETSIGDEF | SPAWN_SETSID);
attrSetMask(inFreshSession, Buffer.alloc(OPAQUE));
attrSetDefault(inFreshSession, Buffer.alloc(OPAQUE, 0xff));

/**
 * Starts a program in a session of its own with no signal blocked or ignored, without forking this process. Each pair
 * of descriptors is [ours, its]; list 0, 1 and 2 too, for Node makes its own close-on-exec when it starts.
 * Returns the pid; the caller reaps it with waitpid(). Throws SystemError. posix_spawn(3).
 */
export function posixSpawn(
  path: string,
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
  descriptors: readonly (readonly [from: number, to: number])[],
): number {
  const moved: number[] = [];
  const [actions, pid] = [Buffer.alloc(OPAQUE), [0]];
  const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  actionsInit(actions);
  try {
    const above = Math.max(2, ...descriptors.map(([, to]) => to)) + 1;
    for (const [from, to] of descriptors) {
      // One pair's target may be another's source: such a source is first moved out of the way.
      const clash = from !== to && descriptors.some((other) => other[1] === from);
      const source = clash ? fcntl(path, from, F_DUPFD_CLOEXEC, above) : from;
      if (clash) moved.push(source);
      actionsDup2(actions, source, to); // with from === to it clears close-on-exec
    }
    const errno = nativeSpawn(pid, path, actions, inFreshSession, [...argv, null], [...settings, null]);
    if (errno !== 0) throw new SystemError('posix_spawn', errno, path);
    return pid[0] ?? 0;
  } finally {
    moved.forEach(closeFd);
    actionsDestroy(actions);
  }
}

/** How a child of posixSpawn() ended, or null while it runs. Reaps it. Throws SystemError (ECHILD). waitpid(2). */
export function waitpid(pid: number): Ended | null {
  const status = [0];
  if (nativeWaitpid(`${pid}`, pid, status, WNOHANG) === 0) return null;
  const word = status[0] ?? 0;
  const signal = word & 0x7f;
  return signal === 0 ? { how: 'exit', code: (word >> 8) & 0xff } : { how: 'signal', code: signal };
}
