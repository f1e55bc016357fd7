import { expect } from 'chai';
import type { JailParams } from '../../src/config/params.js';
import type { Ended } from '../../src/host/host.js';
import {
  causeOf,
  decayed,
  freshTally,
  isFlapping,
  judge,
  restartPolicy,
  type Run,
  type Tally,
} from '../../src/supervise/restart.js';

const exit = (code: number): Ended => ({ how: 'exit', code });
const run = (ended: Ended | null, more: Partial<Run> = {}): Run => ({
  ended,
  cause: ended === null ? 'start' : causeOf(ended, true, false),
  upMs: 10,
  ...more,
});
const verdict = (values: JailParams, ended: Ended | null, more: Partial<Run> = {}): string =>
  judge(run(ended, more), restartPolicy(values), freshTally, 0.5).what;

/** Delays of a jail that crashes again and again after running for `upMs`. */
function delaysOf(values: JailParams, crashes: number, upMs: number, random = 0.5): number[] {
  const delays: number[] = [];
  let tally: Tally = freshTally;
  for (let i = 0; i < crashes; i++) {
    const next = judge(run({ how: 'signal', code: 9 }, { upMs }), restartPolicy(values), tally, random);
    tally = next.tally;
    delays.push(next.delayMs);
  }
  return delays;
}

describe('the end of a jail that nobody asked for', () => {
  it('ends it with exit 0, is a failure with any other code or signal, and final with 78', () => {
    expect([
      verdict({}, exit(0)),
      verdict({}, exit(3)),
      verdict({}, exit(78)),
      verdict({}, { how: 'signal', code: 15 }),
      verdict({}, { how: 'timeout', code: 0 }),
      verdict({}, null),
    ]).to.deep.equal(['end', 'retry', 'give-up', 'retry', 'retry', 'retry']);
  });

  it('is judged by exit.ok and exit.fatal', () => {
    expect([
      verdict({ 'exit.ok': [0, 3] }, exit(3)),
      verdict({ 'exit.fatal': [1] }, exit(1)),
      verdict({ 'exit.fatal': [1] }, exit(78)),
    ]).to.deep.equal(['end', 'give-up', 'retry']);
  });

  it('is a failure before the jail was up, whatever the code', () => {
    expect(verdict({}, exit(0), { cause: 'start' })).to.equal('retry');
  });

  it('is a failure when memory ran out, even with a code of exit.ok', () => {
    expect(verdict({}, exit(0), { cause: 'oom' })).to.equal('retry');
  });

  it('follows restart = no and restart = always', () => {
    expect([
      verdict({ restart: 'no' }, exit(0)),
      verdict({ restart: 'no' }, exit(1)),
      verdict({ restart: 'always' }, exit(0)),
    ]).to.deep.equal(['end', 'give-up', 'retry']);
  });
});

describe('a failure that jaild has brought about', () => {
  const causes = ['health', 'watchdog', 'timeout', 'oom'] as const;

  it('is one whatever code comes of it, also of those that are fine or final otherwise', () => {
    const codes = causes.flatMap((cause) => [0, 78].map((code) => verdict({}, exit(code), { cause })));
    expect([...new Set(codes)]).to.deep.equal(['retry']);
  });

  it('is abnormal, as signals are and exit codes are not', () => {
    const values = { restart: 'on-abnormal' } as const;
    expect([
      verdict(values, exit(0)),
      verdict(values, exit(3)),
      verdict(values, exit(3), { cause: 'start' }),
      verdict(values, { how: 'signal', code: 11 }),
      verdict(values, null),
      ...causes.map((cause) => verdict(values, exit(3), { cause })),
    ]).to.deep.equal(['end', 'give-up', 'give-up', 'retry', 'retry', 'retry', 'retry', 'retry', 'retry']);
  });
});

describe('giving up', () => {
  const why = (values: JailParams, code: number, inARow = 0): string | undefined =>
    judge(run(exit(code)), restartPolicy(values), { n: inARow, inARow }, 0.5).why;

  it('names the parameter that asks for it', () => {
    expect([
      why({ restart: 'no' }, 1),
      why({}, 78),
      why({ restart: 'on-abnormal' }, 1),
      why({ 'restart.limit': 2 }, 1, 1),
      why({}, 1),
    ]).to.deep.equal([
      'restart = no',
      'exit.fatal has 78',
      'restart = on-abnormal, and it ended with an exit code',
      'restart.limit = 2, and so many failures came in a row',
      undefined,
    ]);
  });
});

describe('the delay before a restart', () => {
  it('doubles from 100 ms to 60 s and stays there', () => {
    expect(delaysOf({}, 13, 10)).to.deep.equal([
      100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000, 60000,
    ]);
  });

  it('is spread by a tenth to both sides and never above the most', () => {
    expect(delaysOf({}, 2, 10, 0)).to.deep.equal([90, 180]);
    expect(delaysOf({}, 2, 10, 0.999999)).to.deep.equal([110, 220]);
    expect(delaysOf({}, 12, 10, 0.999999).at(-1)).to.equal(60000);
  });

  it('follows restart.delay and restart.max_delay, and is nothing with restart.delay = 0', () => {
    expect(delaysOf({ 'restart.delay': 1, 'restart.max_delay': 3 }, 4, 10)).to.deep.equal([
      1000, 2000, 3000, 3000,
    ]);
    expect(delaysOf({ 'restart.delay': 0 }, 3, 10)).to.deep.equal([0, 0, 0]);
  });

  it('climbs in a loop of 11 s, which a reset after 10 s would never notice', () => {
    expect(delaysOf({}, 11, 11_000).at(-1)).to.equal(60000);
  });

  it('shrinks by one step for each minute of running', () => {
    expect(decayed({ n: 7, inARow: 7 }, 59_999)).to.deep.equal({ n: 7, inARow: 7 });
    expect(decayed({ n: 7, inARow: 7 }, 180_000)).to.deep.equal({ n: 4, inARow: 0 });
    expect(decayed({ n: 2, inARow: 2 }, 999_999)).to.deep.equal({ n: 0, inARow: 0 });
  });
});

describe('a jail that keeps failing', () => {
  it('is called flapping from the fifth failure on', () => {
    expect([4, 5].map((n) => isFlapping({ n, inARow: n }))).to.deep.equal([false, true]);
  });

  it('is given up at restart.limit failures in a row, and never without it', () => {
    const policy = restartPolicy({ 'restart.limit': 3 });
    const after = (inARow: number): string => judge(run(exit(1)), policy, { n: inARow, inARow }, 0.5).what;
    expect([after(1), after(2)]).to.deep.equal(['retry', 'give-up']);
    expect(judge(run(exit(1)), restartPolicy({}), { n: 11, inARow: 1000 }, 0.5).what).to.equal('retry');
  });
});
