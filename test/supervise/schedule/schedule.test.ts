import { createTask } from 'node-cron';
import { expect } from 'chai';
import { cpuTime } from '../../support/cpu-time.js';
import type { JailParams } from '../../../src/config/params.js';
import { lastSlot, nextSlot } from '../../../src/supervise/schedule/cron.js';
import { due, nextTime, scheduleOf, type Schedule } from '../../../src/supervise/schedule/schedule.js';

const iso = (slot: number | null): string | null => (slot === null ? null : new Date(slot).toISOString());
const at = (text: string): number => Date.parse(text);
const next = (text: string, zone: string, after: string): string | null =>
  iso(nextSlot([text], zone, at(after)));
const last = (text: string, zone: string, before: string): string | null =>
  iso(lastSlot([text], zone, at(before)));
const BERLIN = 'Europe/Berlin';

/** All slots from one moment to another, found by stepping. */
function slots(text: string, zone: string, from: string, to: string): string[] {
  const found: string[] = [];
  for (
    let slot = nextSlot([text], zone, at(from));
    slot !== null && slot <= at(to);
    slot = nextSlot([text], zone, slot)
  )
    found.push(new Date(slot).toISOString().slice(11, 16));
  return found;
}

function schedule(values: JailParams): Schedule {
  const found = scheduleOf('web', { 'schedule.timezone': 'UTC', ...values });
  if (found === null) throw new Error('no schedule');
  return found;
}

describe('a cron expression', () => {
  it('names the next moment and the last one', () => {
    expect(next('30 4 * * *', 'UTC', '2026-03-01T04:30:00Z')).to.equal('2026-03-02T04:30:00.000Z');
    expect(last('30 4 * * *', 'UTC', '2026-03-01T04:30:00Z')).to.equal('2026-03-01T04:30:00.000Z');
    expect(last('30 4 * * *', 'UTC', '2026-03-01T04:29:59Z')).to.equal('2026-02-28T04:30:00.000Z');
    expect(last('* * * * * *', 'UTC', '2026-03-01T04:29:59.500Z')).to.equal('2026-03-01T04:29:59.000Z');
  });

  it('is read in its time zone', () => {
    expect(next('0 3 * * *', BERLIN, '2026-01-10T00:00:00Z')).to.equal('2026-01-10T02:00:00.000Z');
    expect(next('0 3 * * *', BERLIN, '2026-07-10T00:00:00Z')).to.equal('2026-07-10T01:00:00.000Z');
  });

  it('takes day of month and day of week as alternatives, as crontab(5) does', () => {
    expect(next('0 0 13 * 5', 'UTC', '2026-03-01T00:00:00Z')).to.equal('2026-03-06T00:00:00.000Z');
    expect(next('0 0 13 * *', 'UTC', '2026-03-01T00:00:00Z')).to.equal('2026-03-13T00:00:00.000Z');
    expect(next('0 0 * * 5', 'UTC', '2026-03-06T00:00:00Z')).to.equal('2026-03-13T00:00:00.000Z');
  });

  it('finds 29 February over four years, forwards and backwards, at once', () => {
    const began = cpuTime();
    expect(next('0 0 29 2 *', 'UTC', '2024-03-01T00:00:00Z')).to.equal('2028-02-29T00:00:00.000Z');
    expect(last('0 0 29 2 *', 'UTC', '2028-02-28T00:00:00Z')).to.equal('2024-02-29T00:00:00.000Z');
    expect(cpuTime() - began).to.be.below(500);
  });

  it('that falls into the gap of spring comes just after it', () => {
    expect(next('30 2 * * *', BERLIN, '2026-03-28T12:00:00Z')).to.equal('2026-03-29T01:00:00.000Z');
    expect(next('30 2 * * *', BERLIN, '2026-03-29T01:00:00Z')).to.equal('2026-03-30T00:30:00.000Z');
    expect(last('30 2 * * *', BERLIN, '2026-03-29T12:00:00Z')).to.equal('2026-03-29T01:00:00.000Z');
  });

  it('that falls into the hour that comes twice in autumn comes once', () => {
    expect(next('30 2 * * *', BERLIN, '2026-10-24T12:00:00Z')).to.equal('2026-10-25T00:30:00.000Z');
    expect(next('30 2 * * *', BERLIN, '2026-10-25T00:30:00Z')).to.equal('2026-10-26T01:30:00.000Z');
    expect(last('30 2 * * *', BERLIN, '2026-10-25T12:00:00Z')).to.equal('2026-10-25T00:30:00.000Z');
  });

  it('for every hour follows the clock through both', () => {
    expect(slots('*/30 * * * *', BERLIN, '2026-03-29T00:15:00Z', '2026-03-29T02:00:00Z')).to.deep.equal([
      '00:30',
      '01:00',
      '01:30',
      '02:00',
    ]);
    expect(slots('*/30 * * * *', BERLIN, '2026-10-24T23:45:00Z', '2026-10-25T02:00:00Z')).to.deep.equal([
      '00:00',
      '00:30',
      '01:00',
      '01:30',
      '02:00',
    ]);
  });

  it('agrees with node-cron itself where the clocks are even', () => {
    for (const text of [
      '*/7 3-5 * * *',
      '15 */6 1,15 * *',
      '0 12 * jan-mar mon-fri',
      '0 0 L * *',
      '*/20 0 9 * * 1#2',
    ]) {
      const task = createTask(text, () => undefined, { timezone: 'UTC' });
      void task.destroy();
      for (const start of ['2026-01-01T00:00:00Z', '2026-02-27T23:59:59Z', '2027-12-31T23:00:00Z']) {
        const slot = nextSlot([text], 'UTC', at(start)) ?? 0;
        expect(task.match(new Date(slot)), `${text} ${iso(slot)}`).to.equal(true);
        expect(lastSlot([text], 'UTC', slot + 1), text).to.equal(slot);
      }
    }
  });
});

describe('a scheduled restart', () => {
  const daily = schedule({ 'schedule.restart': ['0 3 * * *'] });
  const started = at('2026-05-01T00:00:00Z');

  it('is due when its last time is after the start', () => {
    const slot = at('2026-05-02T03:00:00Z');
    expect(due(daily, 'restart', slot + 20_000, [started])).to.deep.equal({ what: 'act', slot });
    expect(due(daily, 'restart', slot + 20_000, [slot + 10_000])).to.deep.equal({ what: 'nothing' });
  });

  it('is due once when the clock jumps over many of its times, and only within the window', () => {
    const minutely = schedule({ 'schedule.restart': ['* * * * *'] });
    const later = started + 86_400_000;
    expect(due(minutely, 'restart', later, [started])).to.deep.equal({ what: 'act', slot: later });
    expect(due(minutely, 'restart', later + 1000, [started, later])).to.deep.equal({ what: 'nothing' });
  });

  it('that is long past is skipped, or done once with schedule.missed = once', () => {
    const slot = at('2026-05-02T03:00:00Z');
    const late = slot + 301_000;
    expect(due(daily, 'restart', late, [started])).to.deep.equal({ what: 'missed', slot });
    expect(due(daily, 'restart', slot + 300_000, [started])).to.deep.equal({ what: 'act', slot });
    const once = schedule({ 'schedule.restart': ['0 3 * * *'], 'schedule.missed': 'once' });
    expect(due(once, 'restart', late, [started])).to.deep.equal({ what: 'act', slot });
  });

  it('does not wait for a start that lies in the future because the clock was set back', () => {
    const now = at('2026-05-02T03:00:10Z');
    expect(due(daily, 'restart', now, [now + 86_400_000])).to.deep.equal({ what: 'nothing' });
    const next = due(daily, 'restart', now + 86_400_000 + 1000, [now + 86_400_000 - 20_000]);
    expect(next).to.deep.equal({ what: 'act', slot: at('2026-05-03T03:00:00Z') });
  });

  it("is late by the jail's own share of the jitter, always the same", () => {
    const spread = schedule({ 'schedule.restart': ['0 3 * * *'], 'schedule.jitter': 600 });
    expect(spread.offset).to.be.within(1000, 599_000);
    expect(scheduleOf('web', { 'schedule.restart': ['0 3 * * *'], 'schedule.jitter': 600 })?.offset).to.equal(
      spread.offset,
    );
    expect(nextTime(spread, 'restart', started)).to.equal(at('2026-05-01T03:00:00Z') + spread.offset);
  });
});
