import { expect } from 'chai';
import { closure, cycles, dependencyGraph, reversed, waves, type Graph } from '../../src/supervise/order.js';

const graphOf = (depends: Readonly<Record<string, readonly string[]>>): Graph =>
  dependencyGraph(Object.entries(depends).map(([name, depend]) => ({ name, depend, priority: 0 })));

describe('the order of jails', () => {
  const chain = graphOf({ web: ['app'], app: ['db'], db: [], mail: [] });

  it('starts in waves, each after what it depends on, in file order within a wave', () => {
    expect(waves(chain, ['web', 'app', 'db', 'mail'])).to.deep.equal([['db', 'mail'], ['app'], ['web']]);
  });

  it('starts those of higher priority first', () => {
    const graph = dependencyGraph([
      { name: 'a', depend: [], priority: 0 },
      { name: 'b', depend: [], priority: 5 },
    ]);
    expect(waves(graph, ['a', 'b'])).to.deep.equal([['b', 'a']]);
  });

  it('pulls in dependencies, and finds dependants', () => {
    expect(closure(chain, ['web'])).to.deep.equal(['web', 'app', 'db']);
    expect(closure(reversed(chain), ['db'])).to.deep.equal(['db', 'app', 'web']);
  });

  it('leaves out dependencies that are not in the files', () => {
    expect(graphOf({ a: ['ghost'] }).get('a')).to.deep.equal([]);
  });

  it('refuses the members of a cycle only, each with its way round', () => {
    const graph = graphOf({ a: ['b'], b: ['c'], c: ['a'], d: ['a'], e: ['d'], f: [] });
    expect([...cycles(graph)]).to.deep.equal([
      ['a', ['a', 'b', 'c', 'a']],
      ['b', ['b', 'c', 'a', 'b']],
      ['c', ['c', 'a', 'b', 'c']],
    ]);
    expect(waves(graph, [...graph.keys()])).to.deep.equal([['f']]);
  });

  it('knows a jail that depends on itself', () => {
    expect([...cycles(graphOf({ a: ['a'] }))]).to.deep.equal([['a', ['a', 'a']]]);
  });

  it('orders a chain of ten thousand jails', () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `j${i}`);
    const graph = dependencyGraph(
      names.map((name, i) => ({ name, depend: i === 0 ? [] : [`j${i - 1}`], priority: 0 })),
    );
    expect(waves(graph, names).flat()).to.deep.equal(names);
  });
});
