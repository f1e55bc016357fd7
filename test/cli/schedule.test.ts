import { expect } from 'chai';
import { readTime, zoned } from '../../src/cli/schedule.js';
import type { Foreseen } from '../../src/supervise/schedule/forecast.js';
import { FakeOperations, stoppedJail } from '../support/fake-operations.js';
import { code, say } from '../support/command-line.js';

const at = (text: string): number => Date.parse(text);
const spring: readonly Foreseen[] = [
  { at: at('2026-03-29T00:30:00Z'), jail: 'web', what: 'restart', skipped: null },
  { at: at('2026-03-29T01:00:00Z'), jail: 'db', what: 'stop', skipped: 'it is stopped' },
];
const operations = (): FakeOperations => {
  const made = new FakeOperations([stoppedJail('web'), stoppedJail('db')]);
  made.foreseen = { times: spring, more: [{ jail: 'web', what: 'restart', count: 1440, exact: true }] };
  return made;
};
const vienna = ['--tz', 'Europe/Vienna'] as const;

describe('jailctl schedule', () => {
  it('shows each time with its distance from UTC, through a change of the clocks, and how many more there are', async () => {
    expect((await say(operations(), ['schedule', ...vienna])).out).to.equal(
      `TIME                        JAIL  WHAT     NOTE
2026-03-29 01:30:00 +01:00  web   restart  -
2026-03-29 03:00:00 +02:00  db    stop     skipped: it is stopped
web: restart 1440 more times, not shown
`,
    );
  });

  it('is about a day from now for all jails, or about others and another time', async () => {
    const asked = operations();
    await say(asked, ['schedule']);
    await say(asked, ['schedule', 'db', '--from', '2026-03-29', '--until', '2h', ...vienna]);
    expect(asked.asked).to.deep.equal([
      'forecast all 2026-11-22T12:00:00.000Z..2026-11-23T12:00:00.000Z 48',
      'forecast db 2026-03-28T23:00:00.000Z..2026-03-29T01:00:00.000Z 48',
    ]);
  });

  it('gives programs all of it', async () => {
    const { out } = await say(operations(), ['schedule', '--json']);
    expect(JSON.parse(out)).to.deep.equal({
      version: 1,
      from: '2026-11-22T12:00:00.000Z',
      until: '2026-11-23T12:00:00.000Z',
      times: [
        { at: '2026-03-29T00:30:00.000Z', jail: 'web', what: 'restart', skipped: null },
        { at: '2026-03-29T01:00:00.000Z', jail: 'db', what: 'stop', skipped: 'it is stopped' },
      ],
      more: [{ jail: 'web', what: 'restart', count: 1440, exact: true }],
    });
  });

  it('reads times by the clock of the zone, also those that there are twice, or not', () => {
    const read = (text: string): string | null => {
      const moment = readTime(text, 'Europe/Vienna', at('2026-03-28T12:00:00Z'));
      return moment === null ? null : new Date(moment).toISOString().slice(0, 16);
    };
    expect(
      ['now', '90m', '7:30', '2026-03-29T02:30', '2026-10-25 02:30:00', '2026-10-25T02:30+01:00'].map(read),
    ).to.deep.equal([
      '2026-03-28T12:00',
      '2026-03-28T13:30',
      '2026-03-28T06:30',
      '2026-03-29T01:00',
      '2026-10-25T00:30',
      '2026-10-25T01:30',
    ]);
    expect(['tomorrow', '25:00', '2026-13-01', ''].map(read)).to.deep.equal([null, null, null, null]);
    expect(zoned(at('2026-01-01T00:00:00Z'), 'America/St_Johns')).to.equal('2025-12-31 20:30:00 -03:30');
  });

  it('says so when the clock will do nothing', async () => {
    const words = ['schedule', '--from', '2026-11-23', '--until', '2026-11-24', '--tz', 'UTC'];
    const { out } = await say(new FakeOperations([]), words);
    expect(out).to.equal('nothing until 2026-11-24 00:00:00 +00:00\n');
  });

  it('refuses what is no time, no zone, too far or backwards, and jails that there are not', async () => {
    for (const words of [
      ['--from', 'soon'],
      ['--tz', 'Europe/Wien'],
      ['--until', '3000-01-01'],
      ['--from', '2026-11-23', '--until', '2026-11-22'],
    ])
      expect(await code(operations(), ['schedule', ...words]), words.join(' ')).to.equal(2);
    const { out, result } = await say(new FakeOperations([]), ['schedule', 'nobody']);
    expect([out, result]).to.deep.equal(['', { exit: 4 }]);
  });
});
