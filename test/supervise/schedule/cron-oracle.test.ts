import fc from 'fast-check';
import { createTask } from 'node-cron';
import { expect } from 'chai';
import { cpuTime } from '../../support/cpu-time.js';
import { lastSlot, nextSlot, slotsWithin } from '../../../src/supervise/schedule/cron.js';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const at = (text: string): number => Date.parse(text);

/** Zones with the hours (UTC) around both changes of their clocks in 2026; Lord Howe's are half an hour. */
const changes = [
  ['Europe/Vienna', '2026-03-29T01:00Z', '2026-10-25T01:00Z'],
  ['America/New_York', '2026-03-08T07:00Z', '2026-11-01T06:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30Z', '2026-04-04T15:00Z'],
] as const;

const shown = (zone: string): ((instant: number) => string) => {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone: zone, hourCycle: 'h23', dateStyle: 'short', timeStyle: 'short' },
  });
  return (instant) => format.format(instant);
};

/** The minutes that the clocks of a zone show from `from` to `to`, "DD/MM/YYYY, HH:MM" by instant. */
function walk(zone: string, from: number, to: number): ReadonlyMap<number, string> {
  const show = shown(zone);
  const minutes = new Map<number, string>();
  for (let instant = from; instant <= to; instant += MINUTE) minutes.set(instant, show(instant));
  return minutes;
}

/** One minute later on a clock that nobody changes. */
function following(text: string): string {
  const [, day, month, year, time] = /^(\d+)\/(\d+)\/(\d+), (.+)$/.exec(text) ?? [];
  const next = new Date(at(`${year}-${month}-${day}T${time}Z`) + MINUTE).toISOString();
  return `${next.slice(8, 10)}/${next.slice(5, 7)}/${next.slice(0, 4)}, ${next.slice(11, 16)}`;
}

interface Fields {
  readonly minutes: readonly number[];
  /** Empty: every hour. */
  readonly hours: readonly number[];
}

const textOf = ({ minutes, hours }: Fields): string =>
  `${minutes.join(',')} ${hours.length === 0 ? '*' : hours.join(',')} * * *`;

/**
 * crontab(5) by walking minute for minute: every hour, whenever the clock shows it; at fixed hours, once for each time that
 * the day has, at the first chance, and for one that is left out, just after that.
 */
function oracle(minutes: ReadonlyMap<number, string>, { minutes: ms, hours }: Fields): readonly number[] {
  const named = (text: string): boolean => {
    const [hour = 0, minute = 0] = text.slice(-5).split(':').map(Number);
    return ms.includes(minute) && (hours.length === 0 || hours.includes(hour));
  };
  const found = new Set<number>();
  const seen = new Set<string>();
  let last: string | null = null;
  for (const [instant, text] of minutes) {
    for (let skipped = last === null ? text : following(last); skipped < text; skipped = following(skipped))
      if (hours.length > 0 && named(skipped)) found.add(instant);
    if (named(text) && (hours.length === 0 || !seen.has(text))) found.add(instant);
    seen.add(text);
    last = text;
  }
  return [...found].sort((a, b) => a - b);
}

const numbers = (most: number) => fc.uniqueArray(fc.nat(most), { minLength: 1, maxLength: 5 });
const fields: fc.Arbitrary<Fields> = fc.record({
  minutes: numbers(59),
  hours: fc.oneof(fc.constant([]), fc.uniqueArray(fc.nat(5), { minLength: 1, maxLength: 4 })),
});

describe('times of a schedule around a change of the clocks', () => {
  for (const [zone, ...moments] of changes)
    for (const moment of moments)
      it(`are what crontab(5) says of ${zone} at ${moment}, walked minute by minute`, () => {
        const from = at(moment) - 6 * HOUR;
        const to = at(moment) + 6 * HOUR;
        const minutes = walk(zone, from - 30 * HOUR, to);
        fc.assert(
          fc.property(fields, fc.integer({ min: from, max: to }), (one, now) => {
            const slots = oracle(minutes, one);
            const text = textOf(one);
            const inside = slots.filter((slot) => slot > from);
            expect(slotsWithin([text], zone, from, to, 10_000), text).to.deep.equal(inside);
            expect(nextSlot([text], zone, now), `${text} next`).to.satisfy(
              (slot: number) => slot > to || slot === slots.find((one) => one > now),
            );
            const last = slots.filter((slot) => slot <= now).at(-1);
            if (last !== undefined) expect(lastSlot([text], zone, now), `${text} last`).to.equal(last);
          }),
          { numRuns: 12 },
        );
      });

  it('are walked rightly: the oracle itself sees 02:30 after the gap, and once in the hour that comes twice', () => {
    const [from, to] = [at('2026-03-28T12:00Z'), at('2026-03-29T12:00Z')];
    const daily = { minutes: [30], hours: [2] };
    expect(oracle(walk('Europe/Vienna', from, to), daily)).to.deep.equal([at('2026-03-29T01:00Z')]);
    const autumn = walk('Europe/Vienna', at('2026-10-24T12:00Z'), at('2026-10-25T12:00Z'));
    expect(oracle(autumn, daily)).to.deep.equal([at('2026-10-25T00:30Z')]);
    const hourly = { minutes: [30], hours: [] };
    expect(
      oracle(autumn, hourly)
        .filter((slot) => slot < at('2026-10-25T02:00Z'))
        .slice(-2),
    ).to.deep.equal([at('2026-10-25T00:30Z'), at('2026-10-25T01:30Z')]);
  });
});

describe('times of a schedule', () => {
  const field = fc.constantFrom('*', '*/7', '0', '13,44', '5-9', '30');
  const month = fc.constantFrom('*', 'jan', 'feb-apr', '6,12');
  const weekday = fc.constantFrom('*', 'mon', 'mon-fri', '7', '0,6', 'sun');
  const second = fc.constantFrom('', '0 ', '*/20 ', '59 ');
  const expression = fc
    .tuple(second, field, fc.constantFrom('*', '3', '*/6', '0-4'), month, weekday)
    .map(([seconds, minutes, hours, months, days]) => `${seconds}${minutes} ${hours} * ${months} ${days}`);

  it('are those that node-cron matches, with names, seconds and steps, and none between two is left out', () => {
    fc.assert(
      fc.property(expression, fc.nat(365 * 24 * 60), (text, minute) => {
        const now = at('2026-01-01T00:00:00Z') + minute * MINUTE;
        const task = createTask(text, () => undefined, { timezone: 'UTC' });
        void task.destroy();
        const next = nextSlot([text], 'UTC', now) ?? 0;
        expect(task.match(new Date(next)), `${text} ${next}`).to.equal(true);
        expect(lastSlot([text], 'UTC', next - 1) ?? 0).to.be.at.most(now);
        expect(slotsWithin([text], 'UTC', now, next + HOUR, 1)).to.deep.equal([next]);
        expect(lastSlot([text], 'UTC', next)).to.equal(next);
      }),
      { numRuns: 60 },
    );
  });

  it('of every second of a day are found at once, so many as are asked for', () => {
    const began = cpuTime();
    const from = at('2026-03-28T23:00:00Z');
    const day = slotsWithin(['* * * * * *'], 'Europe/Vienna', from, from + 24 * HOUR, 100_000);
    expect([day.length, day[0], day.at(-1)]).to.deep.equal([86_400, from + 1000, from + 24 * HOUR]);
    expect(slotsWithin(['* * * * * *', '*/2 * * * * *'], 'UTC', from, from + HOUR, 3)).to.deep.equal([
      from + 1000,
      from + 2000,
      from + 3000,
    ]);
    expect(cpuTime() - began).to.be.below(5000);
  });
});
