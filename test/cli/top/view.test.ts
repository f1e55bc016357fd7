import { expect } from 'chai';
import fc from 'fast-check';
import { figuresOf } from '../../../src/cli/top/figures.js';
import { pauseAfter } from '../../../src/cli/top/pace.js';
import { perSecond, takeSample, type Question, type Sample } from '../../../src/cli/top/sample.js';
import { redraw } from '../../../src/cli/top/screen.js';
import { firstView, keysOf, press, type View } from '../../../src/cli/top/view.js';
import { FakeOperations, inFull, stoppedJail } from '../../support/fake-operations.js';

const nothing = { memoryPeak: null, oomKills: 0, ioRead: 0, ioWritten: 0 };
const using = (cpuUsec: number, memory: number) => inFull({ ...nothing, cpuUsec, memory, pids: 1 });
const running = (name: string, cpuUsec: number, memory: number) =>
  stoppedJail(name, { state: 'running', accounting: using(cpuUsec, memory) });

const question: Question = {
  ...{ sort: 'cpu', reversed: false, filter: '', names: new Set<string>(), offset: 0, rows: 10 },
};

/** What is read a second later, when `a` has had 10 % of a processor and `b` 50 %. */
function twoReadings(asked: Question): readonly [now: Sample, before: Sample] {
  const operations = new FakeOperations([running('a', 9e6, 300), running('b', 0, 100), stoppedJail('c')]);
  const before = takeSample(operations, asked, 1000, null);
  operations.jails = [running('a', 9.1e6, 300), running('b', 5e5, 100), stoppedJail('c')];
  return [takeSample(operations, asked, 2000, before), before];
}

describe('what jailctl top reads', () => {
  it('is sorted by what jails have used since the reading before', () => {
    const [now, before] = twoReadings(question);
    expect(before.order).to.deep.equal(['a', 'b', 'c']);
    const { rows, total } = figuresOf(now, before, question);
    expect(rows.map(({ name, cpu }) => [name, cpu])).to.deep.equal([
      ['b', 50],
      ['a', 10],
      ['c', null],
    ]);
    expect(total).to.equal(3);
  });

  it('is sorted by what they have where that is an amount, by name, and the other way round', () => {
    const order = (more: Partial<Question>): readonly string[] =>
      twoReadings({ ...question, ...more })[0].order;
    expect(order({ sort: 'memory' })).to.deep.equal(['a', 'b', 'c']);
    expect(order({ sort: 'memory', reversed: true })).to.deep.equal(['c', 'b', 'a']);
    expect(order({ sort: 'name', reversed: true })).to.deep.equal(['c', 'b', 'a']);
    expect(order({ filter: 'b' })).to.deep.equal(['b']);
    expect(order({ names: new Set(['c', 'a']) })).to.deep.equal(['a', 'c']);
  });

  it('keeps its order while nothing is known yet of what it is sorted by now', () => {
    const [now] = twoReadings(question);
    const operations = new FakeOperations([running('a', 0, 1), running('b', 0, 1), stoppedJail('c')]);
    expect(takeSample(operations, { ...question, sort: 'io' }, 3000, now).order).to.deep.equal(now.order);
  });

  it('is everything of those alone that are shown, and the screen is full to the end of the list', () => {
    const [now, before] = twoReadings({ ...question, rows: 2, offset: 9 });
    expect([...now.details.keys()]).to.deep.equal(['a', 'c']);
    const { rows, start } = figuresOf(now, before, { ...question, rows: 2, offset: 9 });
    expect([rows.map(({ name }) => name), start]).to.deep.equal([['a', 'c'], 1]);
  });

  it('counts from nothing for a jail that has begun anew', () => {
    expect([perSecond(900, 100, 500), perSecond(100, 100, 500), perSecond(null, 1, 500)]).to.deep.equal([
      ...[200, 0, null],
    ]);
  });

  it('takes a tenth of a processor at most, however many look on', () => {
    expect([pauseAfter(1, 1000, 1), pauseAfter(200, 1000, 1), pauseAfter(30, 1000, 50)]).to.deep.equal([
      ...[1000, 2000, 15_000],
    ]);
  });
});

describe('the keys of jailctl top', () => {
  const after = (keys: string, view: View = firstView): View | null =>
    keysOf(Buffer.from(keys)).reduce<View | null>((was, key) => was && press(was, key, 10, 45), view);

  it('sort, turn round, pause, and end it', () => {
    expect(after('m')).to.deep.equal({ ...firstView, sort: 'memory' });
    expect(after('ir')).to.deep.equal({ ...firstView, sort: 'io', reversed: true });
    expect(after(' h')).to.deep.equal({ ...firstView, paused: true, help: true });
    expect(['q', 'Q', '\u0003', '\u0004'].map((key) => after(key))).to.deep.equal([null, null, null, null]);
  });

  it('scroll, and not past the last jail', () => {
    const offset = (keys: string): number | undefined => after(keys)?.offset;
    expect([
      offset('\u001b[B\u001b[B\u001bOA'),
      offset('\u001b[6~\u001b[6~'),
      offset('\u001b[F'),
    ]).to.deep.equal([...[1, 20, 35]]);
    expect([offset('\u001b[F\u001b[6~jjj'), offset('\u001b[5~'), offset('\u001b[F\u001b[H')]).to.deep.equal([
      ...[35, 0, 0],
    ]);
  });

  it('type a part of names after a slash, which Esc takes away', () => {
    expect(after('/qc')).to.deep.equal({ ...firstView, typing: true, filter: 'qc' });
    expect(after('/wex\u007fb\r')).to.deep.equal({ ...firstView, filter: 'web' });
    expect(after('/web\r\u001b')).to.deep.equal(firstView);
    expect(after('/web\u001b')).to.deep.equal(firstView);
  });

  it('make a view of whatever is typed, and never one that is out of bounds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const view = keysOf(Buffer.from(bytes)).reduce<View | null>(
          (was, key) => was && press(was, key, 10, 45),
          firstView,
        );
        expect(view === null || (view.offset >= 0 && view.offset <= 35 && view.filter.length <= 65)).to.equal(
          true,
        );
      }),
    );
  });
});

describe('drawing a screen anew', () => {
  it('sends the lines that have changed', () => {
    expect(redraw(['a', 'b', 'c'], ['a', 'x', 'c'])).to.equal('\u001b[2;1H\u001b[Kx');
    expect(redraw(null, ['a'])).to.equal('\u001b[2J\u001b[1;1H\u001b[Ka');
  });
});
