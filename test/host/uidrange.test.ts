import { expect } from 'chai';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
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
});
