import type { ScheduledTask } from 'node-cron';
import { nodeCron } from '../config/values/node-cron.js';
import { endOfGap, instantsOf, localTime, type LocalTime } from './zone.js';

/** A cron expression, read by node-cron, ready for searching. */
interface Expression {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Every hour: it follows the clock where a fixed time happens once a day (crontab(5)). */
  readonly everyHour: boolean;
  readonly isOn: (day: LocalTime) => boolean;
}

const DAY = 86_400_000;
const HOUR = 3_600_000;
/** Eight years: from one 29 February to the next over a century's end. */
const HORIZON = 2930;
const known = new Map<string, Expression>();

/** The next moment after `after` that one of the expressions names; null when there is none within eight years. */
export function nextSlot(expressions: readonly string[], zone: string, after: number): number | null {
  return best(
    expressions.map((text) => search(text, zone, after, 1)),
    Math.min,
  );
}

/** The last moment at or before `before`. No walk from slot to slot: days backwards, then within one day. */
export function lastSlot(expressions: readonly string[], zone: string, before: number): number | null {
  return best(
    expressions.map((text) => search(text, zone, before, -1)),
    Math.max,
  );
}

function best(found: readonly (number | null)[], choose: (...numbers: number[]) => number): number | null {
  const slots = found.filter((slot) => slot !== null);
  return slots.length === 0 ? null : choose(...slots);
}

function search(text: string, zone: string, from: number, direction: 1 | -1): number | null {
  const expression = expressionOf(text);
  const today = Math.floor(localTime(from, zone) / DAY) * DAY;
  const wanted = direction === 1 ? (slot: number) => slot > from : (slot: number) => slot <= from;
  for (let i = 0; i < HORIZON; i++) {
    const day = today + direction * i * DAY;
    const slot = expression.isOn(day) ? slotOfDay(expression, zone, day, direction, wanted) : null;
    if (slot !== null) return slot;
  }
  return null;
}

/** The first (or backwards the last) slot of a day that is wanted. */
function slotOfDay(
  expression: Expression,
  zone: string,
  day: LocalTime,
  direction: 1 | -1,
  wanted: (slot: number) => boolean,
): number | null {
  const isEven = evenStart(day, DAY, zone) !== null;
  const choose = direction === 1 ? Math.min : Math.max;
  const found: number[] = [];
  for (const { local, start } of ordered(hoursOf(expression, zone, day), direction)) {
    const slots = slotsOfHour(expression, zone, local, start, direction, wanted);
    found.push(...slots);
    // On a day with a change of the clocks, an hour that is shown later may have been earlier.
    if (isEven && slots.length > 0) break;
  }
  return found.length === 0 ? null : choose(...found);
}

/** An hour on the clock, and when it begins; null when the clocks are changed in it. */
interface Hour {
  readonly local: LocalTime;
  readonly start: number | null;
}

function hoursOf({ hours }: Expression, zone: string, day: LocalTime): readonly Hour[] {
  const dayStart = evenStart(day, DAY, zone);
  return hours.map((hour) => {
    const local = day + hour * HOUR;
    return { local, start: dayStart === null ? evenStart(local, HOUR, zone) : dayStart + hour * HOUR };
  });
}

/** The instant at which a stretch of local time begins in which the clocks run evenly; else null. */
function evenStart(local: LocalTime, length: number, zone: string): number | null {
  const [first, ...firsts] = instantsOf(local, zone);
  const [last, ...lasts] = instantsOf(local + length - 1000, zone);
  const isEven = firsts.length + lasts.length === 0 && first !== undefined && last === first + length - 1000;
  return isEven ? first : null;
}

const ordered = <T>(list: readonly T[], direction: 1 | -1): readonly T[] =>
  direction === 1 ? list : [...list].reverse();

/** Slots of an hour on the clock: of an even hour only the one sought, of one with a change of the clocks all. */
function slotsOfHour(
  expression: Expression,
  zone: string,
  hour: LocalTime,
  start: number | null,
  direction: 1 | -1,
  wanted: (slot: number) => boolean,
): readonly number[] {
  if (start === null) return slotsOfUnevenHour(expression, zone, hour).filter(wanted);
  if (!wanted(direction === 1 ? start + HOUR - 1000 : start)) return [];
  for (const minute of ordered(expression.minutes, direction))
    for (const second of ordered(expression.seconds, direction)) {
      const slot = start + (minute * 60 + second) * 1000;
      if (wanted(slot)) return [slot];
    }
  return [];
}

/** The first `most` moments after `after`, up to `until`, that the expressions name, in order. */
export function slotsWithin(
  expressions: readonly string[],
  zone: string,
  after: number,
  until: number,
  most: number,
): readonly number[] {
  const all = expressions.flatMap((text) => slotsOf(expressionOf(text), zone, after, until, most));
  return [...new Set(all)].sort((a, b) => a - b).slice(0, most);
}

function slotsOf(
  expression: Expression,
  zone: string,
  after: number,
  until: number,
  most: number,
): readonly number[] {
  const found: number[] = [];
  const lastDay = localTime(until, zone);
  const wanted = (slot: number): boolean => slot > after && slot <= until;
  for (let day = Math.floor(localTime(after, zone) / DAY) * DAY; day <= lastDay; day += DAY) {
    if (found.length >= most) break;
    if (!expression.isOn(day)) continue;
    const slots = hoursOf(expression, zone, day).flatMap((hour) => allOfHour(expression, zone, hour));
    found.push(...slots.filter(wanted).sort((a, b) => a - b));
  }
  return found;
}

function allOfHour(expression: Expression, zone: string, { local, start }: Hour): readonly number[] {
  if (start === null) return slotsOfUnevenHour(expression, zone, local);
  return expression.minutes.flatMap((minute) =>
    expression.seconds.map((second) => start + (minute * 60 + second) * 1000),
  );
}

/**
 * Clocks set forward: a fixed time in the gap comes just after it, one of an hourly job not at all.
 * Clocks set back: a fixed time comes once, an hourly job both times.
 */
function slotsOfUnevenHour(expression: Expression, zone: string, hour: LocalTime): readonly number[] {
  const slots = new Set<number>();
  for (const minute of expression.minutes)
    for (const second of expression.seconds) {
      const local = hour + (minute * 60 + second) * 1000;
      const instants = instantsOf(local, zone);
      if (expression.everyHour) instants.forEach((instant) => slots.add(instant));
      else slots.add(instants[0] ?? endOfGap(local, zone));
    }
  return [...slots];
}

function expressionOf(text: string): Expression {
  let expression = known.get(text);
  if (expression === undefined) {
    expression = readExpression(text);
    known.set(text, expression);
  }
  return expression;
}

function readExpression(text: string): Expression {
  const fields = nodeCron().parse(text);
  // node-cron leaves them in the order in which they were written.
  const inOrder = (numbers: readonly number[]) => [...new Set(numbers)].sort((a, b) => a - b);
  const hours = inOrder(fields.hour);
  return {
    seconds: inOrder(fields.second),
    minutes: inOrder(fields.minute),
    hours,
    everyHour: hours.length === 24,
    isOn: dayMatcher(text),
  };
}

/** Day of month and day of week are alternatives when neither begins with a star (crontab(5)); node-cron wants both. */
function dayMatcher(text: string): (day: LocalTime) => boolean {
  const [dayOfMonth = '*', month = '*', weekday = '*'] = text.trim().split(/\s+/).slice(-3);
  const restricted = [dayOfMonth, weekday].every((field) => !/^[*?]/.test(field));
  const patterns = restricted
    ? [`0 0 0 ${dayOfMonth} ${month} *`, `0 0 0 * ${month} ${weekday}`]
    : [`0 0 0 ${dayOfMonth} ${month} ${weekday}`];
  const tasks = patterns.map(matcherOf);
  const memo = new Map<LocalTime, boolean>();
  return (day) => {
    let on = memo.get(day);
    if (on === undefined) {
      on = tasks.some((task) => task.match(new Date(day)));
      if (memo.size > 2 * HORIZON) memo.clear();
      memo.set(day, on);
    }
    return on;
  };
}

/** A task that is never started: only its time matcher is used, so it need not stay in node-cron's registry. */
function matcherOf(pattern: string): ScheduledTask {
  const task = nodeCron().createTask(pattern, () => undefined, { timezone: 'UTC' });
  void task.destroy();
  return task;
}
