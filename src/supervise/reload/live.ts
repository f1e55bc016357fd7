import type { Jail } from '../../config/compile.js';
import type { Executors, Host, Launch } from '../../host/host.js';
import { logBounds } from '../../plan/log.js';
import type { JailPlan, Step, StepOf } from '../../plan/step.js';
import { changeStep, runEach, runStep, undoStep } from '../executor.js';
import type { Incarnation, PlanJail } from '../incarnation.js';
import {
  amendedPlan,
  changedLimits,
  isSame,
  turnedPlan,
  turningSteps,
  stepOf,
  type NetworkStep,
} from './moves.js';

/** One part of a change. It is done or, when it fails, as good as not begun. */
interface Deed {
  readonly run: () => Promise<void>;
  readonly takeBack: () => Promise<void>;
}

export interface LiveContext {
  readonly host: Host;
  readonly planJail: PlanJail;
  /** Writes down what the life says of itself. */
  readonly note: () => void;
}

/**
 * Changes a running jail to a new definition of which only live parameters differ: all of it, or nothing.
 * @returns what failed, first why and then what could not be put back; nothing when it is changed
 */
export async function changeLive(
  life: Incarnation,
  jail: Jail,
  { host, planJail, note }: LiveContext,
): Promise<readonly unknown[]> {
  const facts = await host.facts(jail);
  return life.change(async (old) => {
    const fresh = planJail(jail, { ...facts, jid: life.jid, launch: life.id }, life.mode);
    const turning = turningSteps(old, fresh);
    // A jaild that finds a jail half changed takes away what either plan has made.
    life.unsettled = turning;
    if (turning.length > 0) note();
    const all = [...deeds(old, fresh, host.executors, life.launch), boundingOfLog(life, jail)];
    const errors = await doAll(all);
    if (errors.length <= 1) life.unsettled = [];
    if (errors.length > 0) {
      if (turning.length > 0) note();
      return errors;
    }
    life.amend(amendedPlan(old, fresh));
    life.jail = jail;
    return [];
  });
}

/**
 * Puts back what a jaild that ended in the middle of a change has left of it.
 * @returns what failed
 */
export function settle(
  life: Incarnation,
  { host, note }: Omit<LiveContext, 'planJail'>,
): Promise<readonly unknown[]> {
  return life.change(async (plan) => {
    const half = turnedPlan(plan, life.unsettled);
    const errors = await doAll(deeds(half, plan, host.executors, life.launch));
    if (errors.length > 0) return errors;
    life.unsettled = [];
    note();
    return [];
  });
}

/** In this order: nothing is filtered, limited or forwarded for addresses and links that are not there. */
function deeds(old: JailPlan, fresh: JailPlan, executors: Executors, launch: Launch): readonly Deed[] {
  const turn = (from: JailPlan, to: JailPlan, name: NetworkStep): Promise<void> =>
    replaceStep(stepOf(from, name), stepOf(to, name), executors, launch);
  const deed = (act: (from: JailPlan, to: JailPlan) => Promise<void>): Deed => ({
    run: () => act(old, fresh),
    takeBack: () => act(fresh, old),
  });
  const filter = deed((from, to) => turn(from, to, 'firewall.set'));
  const isUnfiltered = stepOf(fresh, 'firewall.set') === undefined;
  return [
    ...(isUnfiltered ? [filter] : []),
    deed((from, to) => writeLimits(from, to, executors, launch)),
    deed((from, to) => turnLink(from, to, executors, launch)),
    ...(isUnfiltered ? [] : [filter]),
  ];
}

/** The jailer is told what is kept of the log. */
function boundingOfLog({ jail: old, jailer }: Incarnation, fresh: Jail): Deed {
  const [before, after] = [logBounds(old.values), logBounds(fresh.values)];
  const tell = (bounds: readonly string[]): Promise<void> => {
    if (before.join() !== after.join()) jailer?.boundLog(bounds);
    return Promise.resolve();
  };
  return { run: () => tell(after), takeBack: () => tell(before) };
}

/** Does deeds in order. With the first that fails, those before it are taken back. @returns what failed */
async function doAll(all: readonly Deed[]): Promise<readonly unknown[]> {
  const done: Deed[] = [];
  for (const deed of all) {
    try {
      await deed.run();
      done.push(deed);
    } catch (error) {
      return [error, ...(await takeBack(done))];
    }
  }
  return [];
}

async function takeBack(done: readonly Deed[]): Promise<readonly unknown[]> {
  const errors: unknown[] = [];
  for (const deed of [...done].reverse()) await deed.takeBack().catch((error: unknown) => errors.push(error));
  return errors;
}

async function writeLimits(
  from: JailPlan,
  to: JailPlan,
  executors: Executors,
  launch: Launch,
): Promise<void> {
  const errors = await runEach(executors, changedLimits(from, to), launch);
  if (errors.length === 0) return;
  await runEach(executors, changedLimits(to, from), launch);
  throw errors[0];
}

/** The link with its addresses, and what may pass it. A link that is another one by now has no limit yet. */
async function turnLink(from: JailPlan, to: JailPlan, executors: Executors, launch: Launch): Promise<void> {
  const [before, after] = [stepOf(from, 'network.attach'), stepOf(to, 'network.attach')];
  const [had, has] = [stepOf(from, 'network.limit'), stepOf(to, 'network.limit')];
  const isOther = !isChangeable(before, after, executors) || hasLink(before) !== hasLink(after);
  const isRenewed = !isSame(before, after) && isOther;
  if (!isRenewed) {
    await replaceStep(before, after, executors, launch);
    return replaceStep(had, has, executors, launch).catch(async (error: unknown) => {
      await replaceStep(after, before, executors, launch);
      throw error;
    });
  }
  await replaceStep(had, undefined, executors, launch);
  await replaceStep(before, after, executors, launch);
  await replaceStep(undefined, has, executors, launch);
}

/** A routed jail without addresses has nothing but its loopback. */
function hasLink(step: StepOf<'network.attach'> | undefined): boolean {
  if (step === undefined) return false;
  const { attachment, ip4, ip6 } = step.args;
  return attachment.kind !== 'routed' || ip4.length + ip6.length > 0;
}

function isChangeable(before: Step | undefined, after: Step | undefined, executors: Executors): boolean {
  return before !== undefined && after !== undefined && executors[after.name].change !== undefined;
}

/** Makes of what one step did what the other does; none for nothing. A failure leaves what there was. */
async function replaceStep(
  before: Step | undefined,
  after: Step | undefined,
  executors: Executors,
  launch: Launch,
): Promise<void> {
  if (isSame(before, after)) return;
  if (before !== undefined && after !== undefined && isChangeable(before, after, executors))
    return changeStep(executors, before, after, launch);
  if (before !== undefined) await undoStep(executors, before, launch);
  if (after === undefined) return;
  try {
    await runStep(executors, after, launch);
  } catch (error) {
    if (before !== undefined) await runStep(executors, before, launch);
    throw error;
  }
}
