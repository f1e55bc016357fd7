const formatters = new Map<string, Intl.DateTimeFormat>();
const DAY = 86_400_000;

/** A moment of a wall clock, as milliseconds since 1970 if that clock showed UTC. */
export type LocalTime = number;

/** The time zone of this machine, an IANA name. */
export function hostTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** What the clocks of a zone show at an instant. Whole seconds. */
export function localTime(instant: number, zone: string): LocalTime {
  if (zone === 'UTC') return Math.floor(instant / 1000) * 1000;
  const part: Record<string, number> = {};
  for (const { type, value } of formatterOf(zone).formatToParts(instant)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-u-ca-iso8601-nu-latn', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(zone, formatter);
  }
  return formatter;
}

function offsetAt(instant: number, zone: string): number {
  return localTime(instant, zone) - Math.floor(instant / 1000) * 1000;
}

/** The instants at which the clocks of a zone show a time: two when they were set back over it, none when forward. */
export function instantsOf(local: LocalTime, zone: string): readonly number[] {
  const offsets = new Set([offsetAt(local - DAY, zone), offsetAt(local + DAY, zone)]);
  return [...offsets]
    .map((offset) => local - offset)
    .filter((instant) => localTime(instant, zone) === local)
    .sort((a, b) => a - b);
}

/** For a time that the clocks of a zone skip: the first instant after the gap. */
export function endOfGap(local: LocalTime, zone: string): number {
  let before = local - DAY - offsetAt(local - DAY, zone);
  let after = local + DAY - offsetAt(local + DAY, zone);
  const old = offsetAt(before, zone);
  while (after - before > 1000) {
    const middle = Math.floor((before + after) / 2000) * 1000;
    if (offsetAt(middle, zone) === old) before = middle;
    else after = middle;
  }
  return after;
}
