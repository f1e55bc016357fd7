import { errorText } from '../control/failure.js';
import { timezone } from '../config/values/schedule.js';
import { readSeconds } from '../config/values/quantity.js';
import type { Forecast, Foreseen } from '../supervise/schedule/forecast.js';
import { endOfGap, hostTimeZone, instantsOf, localTime } from '../supervise/schedule/zone.js';
import { daemonCommand } from './command.js';
import type { DaemonContext } from './context.js';
import { sortNames } from './jails.js';
import { json, printable, table } from './render.js';
import { wrongUse } from './words.js';

const DAY = 86_400_000;
/** How far can be looked ahead, and how many times of a kind are shown of each jail. */
const FARTHEST = 366 * DAY;
const SHOWN = 48;
const SHOWN_AS_JSON = 1000;

/** A moment with the clock of a zone and its distance from UTC: "2026-03-29 03:00:00 +02:00". */
export function zoned(moment: number, zone: string): string {
  const whole = Math.floor(moment / 1000) * 1000;
  const local = localTime(whole, zone);
  const minutes = Math.round((local - whole) / 60_000);
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0');
  const offset = `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
  return `${new Date(local).toISOString().slice(0, 19).replace('T', ' ')} ${offset}`;
}

/**
 * A moment as people write it: "2h" after `from`, "03:16" on its day, a date with or without a time, by the clock of
 * `zone` unless it says how far from UTC it is. Null for none.
 */
export function readTime(text: string, zone: string, from: number): number | null {
  if (text === 'now') return from;
  const later = readSeconds(text);
  if (later.ok) return from + later.value * 1000;
  const today = new Date(localTime(from, zone)).toISOString().slice(0, 10);
  const whole = /^\d\d?:/.test(text) ? `${today} ${/^\d:/.test(text) ? '0' : ''}${text}` : text;
  const [, day = '', time = '00:00', offset] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?))?\s?(Z|[+-]\d\d:\d\d)?$/.exec(whole) ?? [];
  const moment = Date.parse(`${day}T${time}${offset ?? 'Z'}`);
  if (Number.isNaN(moment)) return null;
  return offset === undefined ? (instantsOf(moment, zone)[0] ?? endOfGap(moment, zone)) : moment;
}

function momentOf(name: string, text: string, zone: string, from: number): number {
  const moment = readTime(text, zone, from);
  if (moment !== null) return moment;
  throw wrongUse(
    `schedule: --${name}: "${text}" is no time`,
    'such as 2h, 18:30, 2026-03-29 or 2026-03-29T01:00',
  );
}

function zoneOf(text: string | undefined): string {
  if (text === undefined) return hostTimeZone();
  const zone = timezone.convert([text], false);
  if (zone.ok) return zone.value;
  throw wrongUse(`schedule: --tz: ${zone.message}`, zone.hint);
}

function row({ at, jail, what, skipped }: Foreseen, zone: string): readonly string[] {
  return [zoned(at, zone), jail, what, skipped === null ? '' : `skipped: ${skipped}`];
}

function text({ times, more }: Forecast, until: number, zone: string, { terminal }: DaemonContext): string {
  if (times.length === 0) return `nothing until ${zoned(until, zone)}\n`;
  const lines = more.map(({ jail, what, count, exact }) => {
    const number = `${exact ? '' : 'more than '}${count}`;
    return `${printable(jail)}: ${what} ${number} more ${count === 1 ? 'time' : 'times'}, not shown\n`;
  });
  const rows = times.map((time) => row(time, zone));
  return table(['TIME', 'JAIL', 'WHAT', 'NOTE'], rows, terminal) + lines.join('');
}

function asJson({ times, more }: Forecast, from: number, until: number) {
  const iso = (moment: number): string => new Date(moment).toISOString();
  return {
    version: 1,
    from: iso(from),
    until: iso(until),
    times: times.map(({ at, jail, what, skipped }) => ({ at: iso(at), jail, what, skipped })),
    more,
  };
}

export const schedule = daemonCommand({
  name: 'schedule',
  summary: 'Show what the clock will do to jails, in order of time; a day of it when nothing else is asked.',
  description:
    'NOTE says what a time would come to as the jails are now. T is a span from now, such as 2h, or from the beginning with --until; a time of the day; or a date with or without a time. Of each jail and thing that is done 48 times are shown, and it is said how many more there are.',
  operands: '[NAME...]',
  completes: 'jail',
  options: {
    from: { type: 'string', value: 'T', summary: 'Begin there and not now.' },
    until: { type: 'string', value: 'T', summary: 'End there and not a day later.' },
    tz: {
      type: 'string',
      value: 'ZONE',
      summary: "Read and show times by this zone's clock, not the host's.",
    },
    json: { type: 'boolean', summary: 'The whole answer for programs.' },
  },
  needs: 'operator',
  run: (context, { options, operands }) => {
    const { operations, out, err, now } = context;
    const zone = zoneOf(options.tz);
    const from =
      options.from === undefined ? now().getTime() : momentOf('from', options.from, zone, now().getTime());
    const until = options.until === undefined ? from + DAY : momentOf('until', options.until, zone, from);
    if (until < from) throw wrongUse('schedule: --until is before the beginning');
    if (until - from > FARTHEST) throw wrongUse('schedule: more than a year is not looked ahead');
    const { known, unknown } = sortNames(operands, operations);
    const names = operands.length === 0 ? undefined : known;
    const most = options.json ? SHOWN_AS_JSON : SHOWN;
    const found = operations.forecast(names, new Date(from), new Date(until), most);
    if (options.json) out(json(asJson(found, from, until)));
    else if (names?.length !== 0) out(text(found, until, zone, context));
    for (const { message, hint } of unknown) err(errorText(message, hint));
    return { exit: unknown.length > 0 ? 4 : 0 };
  },
});
