import { existsSync, readdirSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { SystemError } from './error.js';
import { readText, systemError, unless, writeControl } from './files.js';

/** Milliseconds between looks at a cgroup that is freezing; in all 5 s. */
const FREEZE_DELAYS = [1, 1, 2, 5, 10, 20, 50, 100, 200, 500, 500, 500, 500, 500, 500, 500, 500, 500];
/** A cgroup of forking processes is read and killed this often; the caller comes again if that was not enough. */
const KILL_ROUNDS = 100;

/** The processes of a cgroup and of those below it; null where the cgroup is gone. Without those of other pid namespaces. Throws SystemError. */
export function processes(path: string): readonly number[] | null {
  const text = readText(`${path}/cgroup.procs`);
  if (text === null) return null;
  const own = text
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
  if (unless(['ENOENT'], 2, () => statSync(path).nlink) <= 2) return own;
  const below = unless(['ENOENT'], [], () => readdirSync(path, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => processes(`${path}/${entry.name}`) ?? []);
  return [...own, ...below];
}

/** How many processes are in any of a jail's cgroups. Throws SystemError. */
export function population(paths: readonly string[]): number {
  // Where there is v2 it comes first, has every process of the jail, and tells of the whole tree at once.
  const [first = ''] = paths;
  if (readText(`${first}/cgroup.events`)?.includes('populated 0') === true) return 0;
  return new Set(paths.flatMap((path) => processes(path) ?? [])).size;
}

const freezer = (paths: readonly string[]): string | undefined =>
  paths.find((path) => existsSync(`${path}/freezer.state`));

/**
 * Kills every process in a jail's cgroups: at once by `cgroup.kill` (v2, Linux 5.14), else one by one until none is left
 * that was not told. Returns before they are gone. Throws SystemError.
 */
export function killCgroup(paths: readonly string[]): void {
  // A frozen v1 cgroup keeps its signals until it is thawed, those of cgroup.kill too.
  const frozen = freezer(paths);
  if (frozen !== undefined) tryWrite(`${frozen}/freezer.state`, 'THAWED');
  for (const path of paths) if (tryWrite(`${path}/cgroup.kill`, '1')) return;
  const told = new Set<number>();
  for (let round = 0; round < KILL_ROUNDS; round++) {
    const fresh = paths.flatMap((path) => processes(path) ?? []).filter((pid) => !told.has(pid));
    if (fresh.length === 0) return;
    for (const pid of fresh) {
      told.add(pid);
      unless(['ESRCH'], true, () => process.kill(pid, 'SIGKILL'));
    }
  }
}

/** Whether the control file is there and took the text. */
function tryWrite(file: string, text: string): boolean {
  return unless(['ENOENT', 'ENODEV'], false, () => {
    writeControl(file, text);
    return true;
  });
}

/** A control that freezes: what to write, and where it shows that it is done. */
interface Freezer {
  readonly file: string;
  readonly text: string;
  readonly isDone: () => boolean;
}

function freezerOf(paths: readonly string[], frozen: boolean): Freezer | null {
  const v2 = paths.find((path) => existsSync(`${path}/cgroup.freeze`));
  if (v2 !== undefined) {
    const state = frozen ? 'frozen 1' : 'frozen 0';
    const isDone = () => readText(`${v2}/cgroup.events`)?.includes(state) ?? true;
    return { file: `${v2}/cgroup.freeze`, text: frozen ? '1' : '0', isDone };
  }
  const v1 = freezer(paths);
  if (v1 === undefined) return null;
  const text = frozen ? 'FROZEN' : 'THAWED';
  return {
    file: `${v1}/freezer.state`,
    text,
    isDone: () => readText(`${v1}/freezer.state`)?.trim() === text,
  };
}

/**
 * Stops every process of a jail where it is, or lets them go on; resolves when that is so. A jail that cannot be frozen
 * within 5 s is thawed again. Rejects with SystemError (ETIMEDOUT: a process waits for hardware; ENOENT: no cgroup).
 */
export async function freeze(paths: readonly string[], frozen: boolean): Promise<void> {
  const control = freezerOf(paths, frozen);
  const subject = control?.file ?? paths[0] ?? '';
  if (control === null)
    throw new SystemError('freeze', constants.errno.ENOENT, subject, 'it needs cgroup v2 or the v1 freezer');
  try {
    writeControl(control.file, control.text);
  } catch (error) {
    throw systemError(error, subject);
  }
  for (const delay of FREEZE_DELAYS) {
    if (control.isDone()) return;
    await sleep(delay);
  }
  if (frozen) tryWrite(control.file, freezerOf(paths, false)?.text ?? '');
  const hint = 'one of its processes waits inside the kernel (state D in ps)';
  throw new SystemError('freeze', constants.errno.ETIMEDOUT, subject, hint);
}
