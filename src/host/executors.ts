import { readdirSync, rmSync, unlinkSync } from 'node:fs';
import { untilAnswered } from './answering.js';
import { createCgroup, removeCgroup, setCgroup } from './cgroup.js';
import { limitDevices } from './device-access.js';
import { StepFailure, TimeLimit } from './error.js';
import { systemError } from './files.js';
import type { Firewall } from './firewall.js';
import type { HookNotes } from './hook-notes.js';
import { runHook } from './hook.js';
import type { HookArgs, InsideArgs } from '../plan/step.js';
import type { Ended, Executors, JailerHandle, Launch, RunningHook } from './host.js';
import { jailerBinary, spawnJailer } from './jailer.js';
import { jailerOf, networkExecutors } from './network-executors.js';
import { ownSubdirectory, RECORD } from './own-directory.js';
import { makeWorkDirectory, removeWorkDirectory } from './overlay.js';
import { describeSignal } from './signal.js';
import type { StepListener } from './step-listener.js';
import type { SysctlLedger } from './sysctl-ledger.js';

/** What the supervisor has written there already stays; what an earlier life of the jail has left does not. */
function makeRundir(path: string): void {
  try {
    ownSubdirectory(path, 0o700);
    for (const name of readdirSync(path)) if (!name.startsWith(RECORD)) unlinkSync(`${path}/${name}`);
  } catch (error) {
    throw systemError(error, path);
  }
}

/** @throws StepFailure unless the command exited 0. */
function requireSuccess(phase: string, command: string, ended: Ended): void {
  if (ended.how === 'exit' && ended.code === 0) return;
  const reasons = {
    exit: `exited ${ended.code}`,
    signal: `ended by ${describeSignal(ended.code)}`,
    timeout: 'timed out',
    error: `could not be run: errno ${ended.code}`,
  };
  const Kind = ended.how === 'timeout' ? TimeLimit : StepFailure;
  throw new Kind(phase, command, reasons[ended.how], 'its output is in the log of the jail');
}

/** Milliseconds that a jailer may take beyond the time of a command, which it minds itself. */
const JAILER_GRACE = 3000;

/** A jailer that is stopped or stuck does not mind it. */
async function execInTime(jailer: JailerHandle, args: InsideArgs): Promise<Ended> {
  if (args.timeout <= 0) return jailer.exec(args);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Ended>((resolve) => {
    const limit = args.timeout * 1000 + JAILER_GRACE;
    timer = setTimeout(() => resolve({ how: 'timeout', code: 0 }), limit);
  });
  return Promise.race([jailer.exec(args), late]).finally(() => clearTimeout(timer));
}

/** A jail that has been given up is killed here; one that has ended is gone already. */
function endJailer(launch: Launch): void {
  if (launch.jailer !== null && launch.jailer.phase !== 'exited') launch.jailer.kill();
}

/** Runs a command of the host's that can be called off, and that a later jaild finds when this one is killed. */
async function runNoted(
  args: HookArgs,
  { jail, hooks }: Launch,
  listener: StepListener,
  notes: HookNotes,
): Promise<void> {
  const killer = new AbortController();
  const hook: RunningHook = { abort: () => killer.abort() };
  hooks.add(hook);
  const note = args.background ? null : notes.open(jail, args.command);
  const onLine = (line: string): void => listener.hookOutput(jail, args.phase, line);
  const onBegin = (pid: number): void => {
    hook.pid = pid;
    note?.began(pid);
  };
  await runHook(args, onLine, killer.signal, onBegin).finally(() => {
    hooks.delete(hook);
    note?.close();
  });
}

/**
 * THE TABLE of what does each step on the real machine.
 * @param firewall what jails share of the packet filter
 * @param ledger what jails need of the host's sysctls
 * @param prepareCgroups makes the directories that all jails share, before the first jail's
 * @param notes of commands on the host that are under way
 */
export function makeExecutors(
  listener: StepListener,
  firewall: Firewall,
  ledger: SysctlLedger,
  prepareCgroups: () => void,
  notes: HookNotes,
): Executors {
  return {
    'hook.run': { run: ({ args }, launch) => runNoted(args, launch, listener, notes) },
    'rundir.create': {
      run: ({ args }) => makeRundir(args.path),
      undo: ({ args }) => rmSync(args.path, { recursive: true, force: true }),
    },
    'cgroup.create': {
      run: ({ args }) => {
        prepareCgroups();
        createCgroup(args.paths);
      },
      undo: ({ args }) => removeCgroup(args.paths),
    },
    'devices.limit': { run: ({ args }) => limitDevices(args) },
    'cgroup.set': { run: ({ args }) => setCgroup(args.file, args.value) },
    'overlay.prepare': {
      run: async ({ args }) => {
        await untilAnswered([args.upper, `${args.upper}/..`]);
        makeWorkDirectory(args);
      },
      undo: async ({ args }) => {
        await untilAnswered([args.directory]);
        removeWorkDirectory(args);
      },
    },
    'jailer.spawn': {
      run: async ({ args }, launch) => {
        launch.jailer = await spawnJailer(jailerBinary(), args.rundir, args.records);
      },
      undo: (_step, launch) => endJailer(launch),
    },
    ...networkExecutors(listener, firewall, ledger),
    'jailer.go': { run: (_step, launch) => jailerOf(launch).go() },
    'jail.exec': {
      run: async ({ args }, launch) => {
        requireSuccess(args.phase, args.command, await execInTime(jailerOf(launch), args));
      },
    },
  };
}
