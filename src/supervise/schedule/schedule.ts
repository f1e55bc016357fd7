import { createHash } from 'node:crypto';
import type { JailParams } from '../../config/params.js';
import type { Clock } from '../clock.js';
import { lastSlot, nextSlot, slotsWithin } from './cron.js';
import { hostTimeZone } from './zone.js';

export const timed = ['restart', 'start', 'stop'] as const;
export type Timed = (typeof timed)[number];

/** When a jail is restarted, started, stopped by the clock. Times in milliseconds. */
export interface Schedule {
  readonly expressions: Readonly<Record<Timed, readonly string[]>>;
  readonly zone: string;
  /** What this jail's times are late by, always the same for its name. */
  readonly offset: number;
  readonly window: number;
  readonly missed: 'skip' | 'run';
  /** The schedule in one text: a change of it is a new schedule. */
  readonly text: string;
}

const WINDOW = 300;

/** The schedule of a jail, or null when it has none. */
export function scheduleOf(name: string, values: JailParams): Schedule | null {
  const expressions = {
    restart: values['schedule.restart'] ?? [],
    start: values['schedule.start'] ?? [],
    stop: values['schedule.stop'] ?? [],
  };
  if (Object.values(expressions).every((list) => list.length === 0)) return null;
  const zone = values['schedule.timezone'] ?? hostTimeZone();
  return {
    expressions,
    zone,
    offset: offsetOf(name, values['schedule.jitter'] ?? 0),
    window: (values['schedule.window'] ?? WINDOW) * 1000,
    missed: values['schedule.missed'] === undefined || values['schedule.missed'] === 'skip' ? 'skip' : 'run',
    text: JSON.stringify([expressions, zone, values['schedule.jitter'] ?? 0]),
  };
}

/** A share of the jitter, in whole seconds, that depends on the name alone. */
function offsetOf(name: string, jitterSeconds: number): number {
  if (jitterSeconds < 1) return 0;
  return (createHash('sha256').update(name).digest().readUInt32BE() % Math.floor(jitterSeconds)) * 1000;
}

/** The next time after `after`, or null. */
export function nextTime(schedule: Schedule, what: Timed, after: number): number | null {
  const expressions = schedule.expressions[what];
  if (expressions.length === 0) return null;
  const slot = nextSlot(expressions, schedule.zone, after - schedule.offset);
  return slot === null ? null : slot + schedule.offset;
}

/** The first `most` times after `after` up to `until`, in order. */
export function timesWithin(
  schedule: Schedule,
  what: Timed,
  after: number,
  until: number,
  most: number,
): readonly number[] {
  const { offset, zone, expressions } = schedule;
  if (expressions[what].length === 0) return [];
  const slots = slotsWithin(expressions[what], zone, after - offset, until - offset, most);
  return slots.map((slot) => slot + offset);
}

/** The next `count` times after `after`. */
export function nextTimes(schedule: Schedule, what: Timed, after: number, count: number): readonly number[] {
  const times: number[] = [];
  for (let at = nextTime(schedule, what, after); at !== null; at = nextTime(schedule, what, at)) {
    times.push(at);
    if (times.length === count) break;
  }
  return times;
}

/** The last time at or before `before`, or null. */
function lastTime(schedule: Schedule, what: Timed, before: number): number | null {
  const expressions = schedule.expressions[what];
  if (expressions.length === 0) return null;
  const slot = lastSlot(expressions, schedule.zone, before - schedule.offset);
  return slot === null ? null : slot + schedule.offset;
}

/** What the clock says about a jail: nothing, an action for the time `slot`, or that `slot` is too long past. */
export type Due =
  | { readonly what: 'nothing' }
  | { readonly what: 'act'; readonly slot: number }
  | { readonly what: 'missed'; readonly slot: number };

const NOTHING: Due = { what: 'nothing' };

/** A clock that is set back by more than this is a new clock, as cron(8) has it. */
const NEW_CLOCK = 3 * 3_600_000;

/**
 * A moment of the past, as the clock of now has it. One that lies in the future was written by a clock that has been set
 * back: by a little, and it stays, so that no time comes twice; by more, and it is now.
 */
export function pastMoment(moment: number, now: number): number {
  return moment > now + NEW_CLOCK ? now : moment;
}

/** When a jail came up, as the clock of now has it; 0 when it is not up. */
export function startOf(
  {
    life,
  }: {
    readonly life: { readonly startedAt: { readonly wall: number } | null; readonly upMs: number } | null;
  },
  clock: Clock,
): number {
  const { wall = 0 } = life?.startedAt ?? {};
  const now = clock.now();
  return pastMoment(wall, now) === wall ? wall : now - (life?.upMs ?? 0);
}

/**
 * Whether something is due: its last time is later than all that makes it void. No list of pending times, so a clock
 * that jumps makes at most one action of any number of times, and a time that has been dealt with does not come again.
 * @param since moments (wall clock) after which the time must lie: the start, the setting of the schedule, the time
 *   dealt with last.
 */
export function due(schedule: Schedule, what: Timed, now: number, since: readonly number[]): Due {
  const slot = lastTime(schedule, what, now);
  if (slot === null || since.some((moment) => slot <= moment)) return NOTHING;
  return { what: now - slot > schedule.window && schedule.missed === 'skip' ? 'missed' : 'act', slot };
}
