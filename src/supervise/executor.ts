import type { Executors, Launch } from '../host/host.js';
import type { Step } from '../plan/step.js';
import { withFaults } from './fault-points.js';

/** What became of a list of steps. */
export type Execution =
  | { readonly ok: true }
  | {
      readonly ok: false;
      /** The step that failed; null when it was called off between two steps. */
      readonly failed: Step | null;
      readonly error: unknown;
      /** What undoing the steps before it failed with. */
      readonly undoErrors: readonly unknown[];
    };

/** Told of each step when it is about to be run, when that is done, and when it is about to be undone. */
export type Trace = (verb: 'run' | 'done' | 'undo', step: Step) => void;

export interface ExecuteOptions {
  /** Asked before each step: true calls the rest off. */
  readonly isCancelled?: () => boolean;
  readonly trace?: Trace;
  /** Steps that count as done, for an earlier life has left them; with the others they are undone. */
  readonly kept?: ReadonlySet<Step>;
}

/** Runs steps in order. The first that fails ends it, and those before it are undone, last first. Never throws. */
export async function execute(
  executors: Executors,
  steps: readonly Step[],
  launch: Launch,
  options: ExecuteOptions = {},
): Promise<Execution> {
  const done = new Set(options.kept);
  const begun = new Set<Step>();
  for (const [index, step] of steps.entries()) {
    if (done.has(step)) continue;
    try {
      if (options.isCancelled?.() === true) return await fail(null, new Error('called off'));
      options.trace?.('run', step);
      for (const later of soon(steps.slice(index), done)) if (!begun.has(later)) begin(later);
      const running = runStep(executors, step, launch);
      // Most steps are synchronous: a start then does not wait for a turn of the event loop at each of them.
      if (running !== undefined) await running;
      done.add(step);
      options.trace?.('done', step);
    } catch (error) {
      return fail(step, error);
    }
  }
  return { ok: true };

  function begin(step: Step): void {
    (executors[step.name].ahead as ((step: Step) => void) | undefined)?.(step);
    if (executors[step.name].ahead !== undefined) begun.add(step);
  }

  async function fail(failed: Step | null, error: unknown): Promise<Execution> {
    const undone = steps.filter((step) => done.has(step) || begun.has(step));
    return { ok: false, failed, error, undoErrors: await undoAll(executors, undone, launch, options.trace) };
  }
}

/** Those to come before the next command of the host's, which finds nothing begun that comes after it. */
function soon(steps: readonly Step[], done: ReadonlySet<Step>): readonly Step[] {
  const command = steps.findIndex(({ name }) => name === 'hook.run');
  return steps.slice(0, command < 0 ? undefined : command).filter((step) => !done.has(step));
}

/** Runs every step whatever becomes of the others, for cleaning. @returns what they failed with */
export async function runEach(
  executors: Executors,
  steps: readonly Step[],
  launch: Launch,
  trace?: Trace,
): Promise<readonly unknown[]> {
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      trace?.('run', step);
      await runStep(executors, step, launch);
    } catch (error) {
      errors.push(error);
    }
  }
  return errors;
}

/** Undoes steps, last first; one that cannot be undone does not keep the others. @returns what they failed with */
export async function undoAll(
  executors: Executors,
  steps: readonly Step[],
  launch: Launch,
  trace?: Trace,
): Promise<readonly unknown[]> {
  const errors: unknown[] = [];
  for (const step of [...steps].reverse()) {
    const undo = undoOf(executors, step);
    if (undo === undefined) continue;
    try {
      trace?.('undo', step);
      await withFaults('undo', pointOf(step), launch.jail, () => undo(step, launch));
    } catch (error) {
      errors.push(error);
    }
  }
  return errors;
}

/**
 * Whether all that steps did for an earlier life is still there. Rejects when that cannot be found out.
 * @param netns file of its network namespace
 */
export async function allStand(
  executors: Executors,
  steps: readonly Step[],
  netns: string,
): Promise<boolean> {
  for (const step of steps) {
    const look = executors[step.name].stands as Look | undefined;
    if (look !== undefined && !(await look(step, netns))) return false;
  }
  return true;
}

type Look = (step: Step, netns: string) => boolean | Promise<boolean>;
type Act = (step: Step, launch: Launch) => Promise<void> | void;
type Change = (before: Step, after: Step, launch: Launch) => Promise<void> | void;

// The table pairs each name with the arguments of that name; TypeScript cannot follow the pair through an index.
/** Does one step. */
export function runStep(executors: Executors, step: Step, launch: Launch): Promise<void> | void {
  const run = executors[step.name].run as Act;
  return withFaults('run', pointOf(step), launch.jail, () => run(step, launch));
}

/** Commands are known by what they are for. */
const pointOf = (step: Step): string =>
  step.name === 'hook.run' || step.name === 'jail.exec' ? step.args.phase : step.name;

/** Takes one step back. */
export async function undoStep(executors: Executors, step: Step, launch: Launch): Promise<void> {
  await undoOf(executors, step)?.(step, launch);
}

/** Makes of what one step did what another of the same name does. */
export async function changeStep(
  executors: Executors,
  before: Step,
  after: Step,
  launch: Launch,
): Promise<void> {
  const change = executors[after.name].change as Change | undefined;
  await change?.(before, after, launch);
}

function undoOf(executors: Executors, step: Step): Act | undefined {
  return executors[step.name].undo as Act | undefined;
}
