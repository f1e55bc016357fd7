import { join } from 'node:path';
import type { Jail } from '../config/compile.js';
import { isStartable } from '../config/jail.js';
import type { Host } from '../host/host.js';
import { jailOf, savedJail } from './adoption.js';
import { reachOfPlan } from '../plan/reach.js';
import type { Step } from '../plan/step.js';
import type { Clock } from './clock.js';
import { failureOf } from './exits.js';
import type { LaunchMode } from '../plan/launch.js';
import type { PlanJail } from './incarnation.js';
import type { SupervisedJail } from './jail.js';
import { isDown, isUp } from './lifecycle.js';
import { settle } from './reload/live.js';
import { tendLog } from './log-care.js';
import type { Log } from './log.js';
import type { JailRecord, Records } from './records.js';
import { changedParameters } from './reload/differences.js';
import { freshTally } from './restart.js';
import type { Roster } from './roster.js';
import type { Want, Wants } from './wants.js';

export interface BootContext {
  readonly host: Host;
  readonly log: Log;
  readonly roster: Roster;
  readonly records: Records;
  readonly wants: Wants;
  readonly autostart: 'wanted' | 'all' | 'none';
  readonly create: (jail: Jail, mode: LaunchMode) => SupervisedJail;
  readonly planJail: PlanJail;
  readonly clock: Clock;
}

/** Takes back what an earlier jaild left. @returns names of the jails that are to be started, in order */
export async function bootJails(context: BootContext): Promise<readonly string[]> {
  const { host, records } = context;
  // Before anything: the commands of a jail that is gone on with run anew.
  for (const left of await host.endHooks()) context.log.warn(`killed, an earlier jaild has left it: ${left}`);
  const { records: found, broken } = records.load();
  const bootId = host.bootId();
  // Numbers of processes and directories of another boot mean other things by now: nothing of it is touched.
  for (const { name } of found.filter((record) => record.bootId !== bootId)) {
    records.forget(name);
    records.remove(name);
  }
  // All at the same time: a jailer that says nothing keeps the others waiting once, not once each.
  const current = found.filter((record) => record.bootId === bootId);
  await Promise.all(current.map((record) => adoptOne(record, context)));
  await Promise.all(broken.map((name) => adoptBroken(name, context)));
  // First, for changes of the packet filter wait for it.
  await restoreFirewall(current, context);
  await Promise.all([...context.roster.jails.values()].map((jail) => putBack(jail, context)));
  sweep(new Set([...current.map(({ name }) => name), ...broken]), context);
  // An earlier jaild may have ended before it had compressed what was put aside.
  for (const jail of context.roster.jails.values()) tendLog(jail, host);
  return namesToStart(
    context,
    new Set(current.filter((one) => isMended(one, context)).map(({ name }) => name)),
  );
}

/** What jails have left whose records are gone. A jaild that cannot take it away starts nevertheless. */
function sweep(known: ReadonlySet<string>, { host, log }: BootContext): void {
  try {
    for (const left of host.sweep(known)) log.warn(`taken away, for its jail is gone: ${left}`);
  } catch (error) {
    log.error(`cannot look for what jails have left, ignoring: ${failureOf(error).message}`);
  }
}

/**
 * What jails have of the packet filter that run on, or whose network waits for their next life. A failure keeps no jail
 * from anything: what was in force is so still.
 */
async function restoreFirewall(
  records: readonly JailRecord[],
  { host, roster, log }: BootContext,
): Promise<void> {
  const running = [...roster.jails.values()].filter(({ life }) => life !== null && life.jailer !== null);
  const sharesIn = (steps: readonly Step[]) =>
    steps.flatMap((step) => (step.name === 'firewall.set' ? [step.args] : []));
  const standing = sharesIn(records.flatMap((record) => record.standing?.steps ?? []));
  const shares = [...sharesIn(running.flatMap(({ life }) => life?.plan?.prepare ?? [])), ...standing];
  const wasThere = sharesIn(records.flatMap(({ plan }) => plan?.prepare ?? [])).length > 0;
  await host.restoreFirewall(shares, wasThere).catch((error: unknown) => {
    const { message, hint } = failureOf(error);
    log.error(`the packet filter is not put right: ${message}${hint === undefined ? '' : ` (${hint})`}`);
  });
}

async function adoptBroken(name: string, context: BootContext): Promise<void> {
  try {
    const record = await recordAnew(name, context);
    if (record !== null) await adoptOne(record, context);
  } catch (error) {
    const { message } = failureOf(error);
    context.log.child(name).error(`its record is broken and cannot be made anew: ${message}`);
  }
}

async function adoptOne(record: JailRecord, context: BootContext): Promise<void> {
  const { host, roster, log } = context;
  const { name, launch, foreground } = record;
  let jail = roster.jails.get(name);
  if (jail === undefined) {
    jail = context.create(jailOf(record.jail), { foreground, terminal: false });
    roster.jails.set(name, jail);
    roster.relink();
  } else if (record.filed && changedParameters(record.filed, jail.definition.values).length === 0) {
    const { origin, block } = jail.definition;
    roster.replace({ ...jailOf(record.jail), origin, ...(block && { block }) });
  } else if (!isStartable(jail.definition)) {
    // A limit that is misspelt would be none for its next life: until that is mended it is what it was started as.
    const { origin, block } = jail.definition;
    jail.definition = { ...jailOf(record.jail), origin, ...(block && { block }) };
  }
  if (record.plan !== null) host.distrust(reachOfPlan(record.plan));
  host.hold(name, addressesOf([...(record.plan?.prepare ?? []), ...(record.standing?.steps ?? [])]));
  const rundir = join(host.instance.runDirectory, name);
  const handle = record.plan === null ? null : await host.adopt(rundir).catch(() => null);
  const jailer = handle?.launch === launch ? handle : null;
  const exit = record.plan === null ? null : host.exitRecord(rundir);
  const isStopped = wasStoppedSince(record, context);
  const kept = isStopped ? record : wantAsRecorded(record, context);
  jail.adopt(kept, jailer, exit?.launch === launch ? exit : null);
  if (isStopped) jail.stop();
  log.child(name).info(jailer === null ? 'found its record' : `found running (pid ${jailer.initPid})`);
}

/** The disk took that it was to stop, and no record of that. */
function wasStoppedSince(
  { name, target, at = Infinity }: JailRecord,
  { roster, wants }: BootContext,
): boolean {
  return target === 'up' && roster.isListed(name) && wants.get(name) === 'down' && wants.askedAt(name) > at;
}

/**
 * A record is written at once and what is wanted a moment later: an earlier jaild may have ended in between. What it
 * stopped to end itself is still wanted.
 */
function wantAsRecorded(record: JailRecord, { roster, wants, autostart }: BootContext): JailRecord {
  const { name, target, isLeaving = false } = record;
  if (!roster.isListed(name)) return record;
  if (!isLeaving && wants.get(name) !== target) void wants.set(name, target);
  if (isLeaving && autostart !== 'none' && wants.get(name) === 'up')
    return { ...record, target: 'up', startKept: true, isLeaving: false };
  return record;
}

function addressesOf(steps: readonly Step[]): readonly string[] {
  return steps
    .flatMap((step) => (step.name === 'network.attach' ? [...step.args.ip4, ...step.args.ip6] : []))
    .map(({ address }) => address);
}

/** jaild ended in the middle of a change of a jail that runs on. */
async function putBack(jail: SupervisedJail, { host, log }: BootContext): Promise<void> {
  const { life } = jail;
  if (life === null || life.unsettled.length === 0 || !isUp(jail.phase)) return;
  const note = (): void => jail.noteChanged(life.jail);
  const errors = await settle(life, { host, note }).catch((error: unknown) => [error]);
  for (const error of errors)
    log.child(jail.name).warn(`a change that was under way is not put back: ${failureOf(error).message}`);
}

/**
 * For a jail whose record is lost: what its file makes of it. One that is in no file can be stopped and taken away if
 * there is a jailer to do that with.
 */
async function recordAnew(name: string, context: BootContext): Promise<JailRecord | null> {
  const { host, roster, planJail, clock } = context;
  const handle = await host.adopt(join(host.instance.runDirectory, name)).catch(() => null);
  const unlisted = handle === null ? undefined : jailOf({ name, params: [], values: {} });
  const definition = roster.jails.get(name)?.definition ?? unlisted;
  if (definition === undefined) return null;
  const facts = await host.facts(definition);
  const launch = handle?.launch ?? '';
  const jid = definition.values.jid ?? 1;
  const isUp = handle?.phase === 'running';
  return {
    schema: 1,
    name,
    doing: isUp ? 'running' : 'preparing',
    bootId: host.bootId(),
    launch,
    jid,
    jail: savedJail(definition),
    filed: null,
    plan: planJail(definition, { ...facts, jid, launch }, { foreground: false, terminal: false }),
    foreground: false,
    wasUp: isUp,
    startedAt: isUp ? { wall: clock.now(), monotonic: clock.monotonic() } : null,
    target: context.wants.get(name) ?? (isUp ? 'up' : 'down'),
    startKept: false,
    restarts: 0,
    tally: freshTally,
    exit: null,
    oomKills: 0,
    retryAt: null,
  };
}

/** It had failed, and its file says something else by now: a way out of that, whenever it was written. */
function isMended({ name, jail: before }: JailRecord, { roster }: BootContext): boolean {
  const jail = roster.jails.get(name);
  if (jail?.phase !== 'failed' || !roster.isListed(name)) return false;
  return changedParameters(before.values, jail.definition.values).length > 0;
}

function namesToStart(context: BootContext, mended: ReadonlySet<string>): readonly string[] {
  const { roster, autostart } = context;
  if (autostart === 'none') return [];
  return [...roster.graph.keys()].filter((name) => {
    const jail = roster.jails.get(name);
    if (jail === undefined || roster.refusal(name) !== null) return false;
    if (jail.phase !== 'stopped' && !mended.has(name)) return false;
    return wanted(jail, context) === 'up' && isDown(jail.phase);
  });
}

/** What was asked last counts; a jail nobody has spoken of follows its `auto`, if written or if all are to start. */
function wanted(jail: SupervisedJail, { wants, autostart }: BootContext): Want {
  const { auto } = jail.definition.values;
  return wants.get(jail.name) ?? ((auto ?? autostart === 'all') ? 'up' : 'down');
}
