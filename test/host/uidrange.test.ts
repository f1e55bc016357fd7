import { expect } from 'chai';
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Instance } from '../../src/plan/instance.js';
import { SystemError } from '../../src/host/error.js';
import { UidRangeStore } from '../../src/host/uidrange.js';
import { temporaryInstance } from '../support/cgroup-life.js';

describe('ranges of ids', () => {
  let instance: Instance;
  let remove: () => void;
  beforeEach(() => ({ instance, remove } = temporaryInstance()));
  afterEach(() => remove());
  const file = (): string => `${instance.stateDirectory}/uids.json`;

  it('are remembered by the next jaild, in a file that only root reads', () => {
    const store = UidRangeStore.open(instance, 0);
    const [web, db] = store.reserve(['web', 'db']);
    expect(store.rangeOf('web')).to.equal(web);
    expect(web).not.to.equal(db);
    expect(JSON.parse(readFileSync(file(), 'utf8'))).to.deep.equal({ version: 1, ranges: { web, db } });
    expect(statSync(file()).mode & 0o777).to.equal(0o600);
    const next = UidRangeStore.open(instance, 0);
    expect([next.damage, next.rangeOf('db'), next.rangeOf('web')]).to.deep.equal([null, db, web]);
    expect(readdirSync(instance.stateDirectory)).to.deep.equal(['uids.json']);
  });

  it('are given out anew, and the same, when the file is damaged, which is kept', () => {
    const web = UidRangeStore.open(instance, 0).rangeOf('web');
    for (const [time, broken] of [
      '{"version":1,"ran',
      '{"version":1,"ranges":{"a":5,"b":5}}',
      '[]',
      '',
    ].entries()) {
      writeFileSync(file(), broken);
      const store = UidRangeStore.open(instance, time);
      expect(store.damage?.message).to.equal(`read ${file()}: Illegal byte sequence`);
      expect(store.damage?.hint).to.contain(`${file()}.broken-${time}`);
      expect(readFileSync(`${file()}.broken-${time}`, 'utf8')).to.equal(broken);
      expect(store.rangeOf('web')).to.equal(web);
    }
  });

  it('that cannot be written down are not given out', () => {
    const store = UidRangeStore.open(instance, 0);
    mkdirSync(file(), { recursive: true });
    expect(() => store.rangeOf('web')).to.throw(SystemError, file());
  });

  it('end with the pool, and the error says what to do', () => {
    const store = UidRangeStore.open(instance, 0, { base: 2_000_000_000, count: 2 * 65_536 });
    expect(store.reserve(['a', 'b']).toSorted()).to.deep.equal([2_000_000_000, 2_000_065_536]);
    expect(() => store.rangeOf('c')).to.throw(SystemError, 'assign uid range for c: No space left on device');
    expect(store.rangeOf('a')).to.be.a('number');
  });

  describe('by number', () => {
    const ids = (first: number, count = 10) => ({ first, count });
    const attempt = (store: UidRangeStore, jail: string, first: number): string => {
      try {
        return String(store.claim(jail, ids(first)));
      } catch (error) {
        if (!(error instanceof SystemError)) throw error;
        return error.message;
      }
    };
    const busy = (first: number, other: string): string =>
      `userns ${first}:10, which has ids of jail "${other}": Resource busy or locked`;

    it('are never those of a jail that was given them', () => {
      const store = UidRangeStore.open(instance, 0);
      const web = store.rangeOf('web');
      expect(attempt(store, 'db', web + 65_535)).to.equal(busy(web + 65_535, 'web'));
      expect(attempt(store, 'db', web + 65_536)).to.equal(String(web + 65_536));
      expect(attempt(store, 'web', web)).to.equal(String(web));
    });

    it('are one jail’s from its start until it is gone, also for the next jaild', () => {
      const store = UidRangeStore.open(instance, 0);
      expect(attempt(store, 'a', 5000)).to.equal('5000');
      expect(attempt(store, 'b', 5009)).to.equal(busy(5009, 'a'));
      const next = UidRangeStore.open(instance, 0);
      mkdirSync(`${instance.runDirectory}/a`, { recursive: true });
      expect(attempt(next, 'b', 5009)).to.equal(busy(5009, 'a'));
      rmSync(`${instance.runDirectory}/a`, { recursive: true });
      expect(attempt(next, 'b', 5009)).to.equal('5009');
    });

    it('are given to no jail later', () => {
      const pool = { base: 2_000_000_000, count: 2 * 65_536 };
      const store = UidRangeStore.open(instance, 0, pool);
      store.claim('fixed', ids(2_000_000_000));
      expect(UidRangeStore.open(instance, 0, pool).rangeOf('web')).to.equal(2_000_065_536);
      expect(() => store.reserve(['web', 'more'])).to.throw(SystemError, 'No space left on device');
    });
  });
});
