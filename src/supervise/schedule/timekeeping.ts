import type { Clock } from '../clock.js';
import type { SupervisedJail } from '../jail.js';
import type { Journal } from '../events/journal.js';
import { shown } from '../lifecycle.js';
import type { Log } from '../log.js';
import type { Outcome } from '../operations.js';
import type { Roster } from '../roster.js';
import { startOf, type Timed } from './schedule.js';
import { Scheduler } from './scheduler.js';
import { runningDependants } from '../stops.js';
import type { Wants } from '../wants.js';

/** What schedules are kept with. */
export interface TimekeepingContext {
  readonly clock: Clock;
  readonly wants: Wants;
  readonly roster: Roster;
  readonly journal: Journal;
  readonly log: Log;
  readonly start: (names: readonly string[]) => Promise<readonly Outcome[]>;
  readonly stop: (names: readonly string[]) => Promise<readonly Outcome[]>;
}

/** A scheduler that does what somebody would have done by hand at that time, and tells of it. */
export function keepTime(context: TimekeepingContext): Scheduler {
  const { clock, wants, roster } = context;
  const logFailures = (outcomes: readonly Outcome[]): void => {
    for (const one of outcomes) if (!one.ok) context.log.child(one.jail).warn(one.message);
  };
  return new Scheduler({
    clock,
    jails: () => roster.jails.values(),
    inOrder: (jails) => roster.inOrder(jails),
    since: (jail, schedule, what) => [
      wants.scheduleSince(jail.name, schedule.text),
      wants.handled(jail.name, what),
      what === 'restart' ? startOf(jail, clock) : wants.askedAt(jail.name),
    ],
    noteHandled: (jail, what, slot) => wants.noteHandled(jail.name, what, slot),
    dropped: (jail) => wants.dropSchedule(jail.name),
    start: (jail) => void context.start([jail.name]).then(logFailures),
    stop: (slots) => void stopTogether(slots, context).then(logFailures),
    tell: (jail, what, slot, skipped) => tell(jail, what, slot, skipped, context),
  });
}

/** As a stop by hand: a jail that others need, whose time has not come, goes on. */
async function stopTogether(
  slots: ReadonlyMap<SupervisedJail, number>,
  context: TimekeepingContext,
): Promise<readonly Outcome[]> {
  const names = new Set([...slots.keys()].map(({ name }) => name));
  const stopped = [...slots].filter(([jail, slot]) => {
    const held = runningDependants(context.roster, jail.name).filter((other) => !names.has(other));
    tell(jail, 'stop', slot, held.length === 0 ? null : `needed by ${held.join(', ')}`, context);
    return held.length === 0;
  });
  if (stopped.length === 0) return [];
  const outcomes = await context.stop(stopped.map(([{ name }]) => name));
  for (const [jail, slot] of stopped) {
    const failed = outcomes.find((one) => one.jail === jail.name && !one.ok);
    if (failed !== undefined) tell(jail, 'stop', slot, failed.message, context);
  }
  return outcomes;
}

function tell(
  jail: SupervisedJail,
  what: Timed,
  slot: number,
  skipped: string | null,
  { clock, journal, log }: TimekeepingContext,
): void {
  const cause = skipped === null ? `scheduled ${what}` : `scheduled ${what} skipped`;
  const time = new Date(slot).toISOString();
  const detail = skipped === null ? time : `${time}: ${skipped}`;
  log.child(jail.name).info(`${cause}: ${detail}`);
  const state = shown(jail.phase);
  journal.append({
    kind: 'schedule',
    at: new Date(clock.now()),
    jail: jail.name,
    from: state,
    to: state,
    cause,
    detail,
    data: { what, slot: time, why: skipped },
  });
}
