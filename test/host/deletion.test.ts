import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { deleteElsewhere } from '../../src/host/deletion.js';
import { describeInNetns } from '../support/netns.js';

const TRIES = 12;

const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });
const names = (): readonly string[] =>
  ip('-o', 'link')
    .trim()
    .split('\n')
    .map((line) => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? '');

function makeVeths(count: number): readonly string[] {
  const links = Array.from({ length: count }, (_, index) => `jt${index}`);
  const lines = links.map((link) => `link add ${link} type veth peer name ${link}p\n`);
  execFileSync('ip', ['-batch', '-'], { input: lines.join('') });
  return links;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

/** What others do on the host makes a measurement worse, never better: the first that is below a bound, or the least of many. */
async function least(bound: number, measure: () => Promise<number>): Promise<number> {
  const figures: number[] = [];
  do figures.push(await measure());
  while (figures.length < TRIES && (figures.at(-1) ?? 0) >= bound);
  return Math.min(...figures);
}

const remove = (name: string): Promise<void> => deleteElsewhere({ index: 0, name });

describeInNetns('links that are deleted', import.meta.url, () => {
  it('free their names, and leave those of others', async () => {
    ip('link', 'add', 'foreign', 'type', 'veth', 'peer', 'name', 'foreign2');
    const before = names();
    await Promise.all(makeVeths(5).map(remove));
    expect(names()).to.deep.equal(before);
    ip('link', 'del', 'foreign');
  });

  it('may be gone already, one or all of them', async () => {
    await remove('jt0');
    await Promise.all(['jt0', ...makeVeths(2), 'jt9'].map(remove));
    await Promise.all(['jt0', 'jt1', 'jt2'].map(remove));
    expect(names()).to.deep.equal(['lo']);
  });

  it('are fifty in the time of a few', async () => {
    const ratio = async (): Promise<number> => {
      const few = makeVeths(5);
      const byOne = await timed(async () => {
        for (const link of few) await remove(link);
        // The kernel is done with the last one when it has done one more.
        await remove('jt0');
      });
      return (await timed(() => Promise.all(makeVeths(50).map(remove)))) / byOne;
    };
    expect(await least(5, ratio)).to.be.below(5);
  });

  it('do not keep this thread from its work', async () => {
    const longestPause = async (): Promise<number> => {
      const links = makeVeths(50);
      let longest = 0;
      let last = performance.now();
      const beat = setInterval(() => {
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
      }, 1);
      await Promise.all(links.map(remove));
      clearInterval(beat);
      return longest;
    };
    expect(await least(50, longestPause)).to.be.below(50);
  });
});
