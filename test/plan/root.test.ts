import { expect } from 'chai';
import { rootRecords, workDirectory } from '../../src/plan/root.js';

describe('the root in the launch plan', () => {
  it('is path alone, with what is mounted below it', () => {
    expect(rootRecords({ path: '/j//web/' }, true)).to.deep.equal([
      ['root', '/j/web', 'rec,nodev,nosuid,idmap'],
    ]);
    expect(rootRecords({ path: '/', readonly: true, no_new_privs: false }, false)).to.deep.equal([
      ['root', '/', 'rec,nodev,ro'],
    ]);
  });

  it('has the last of base over the others, and a work directory beside path', () => {
    expect(rootRecords({ path: '/j/web', base: ['/b/os', '/b/php'] }, true)).to.deep.equal([
      ['root', '/j/web', 'nodev,nosuid,idmap'],
      ['layer', '/b/php'],
      ['layer', '/b/os'],
      ['work', '/j/.web.jaild/work'],
    ]);
    expect(workDirectory({ path: '/web', base: ['/b'] })?.path).to.equal('/.web.jaild');
    expect(workDirectory({ path: '/web', base: [] })).to.equal(null);
  });

  it('has room in memory where nothing is kept, for bytes and for as many files as pages', () => {
    expect(rootRecords({ path: '/j/web', base: ['/b'], ephemeral: true }, true)).to.deep.equal([
      ['root', '/j/web', 'nodev,nosuid,idmap'],
      ['layer', '/b'],
      ['ephemeral', 'size=268435456,nr_inodes=65536,mode=700'],
    ]);
    const [, record] = rootRecords({ path: '/j/web', ephemeral: true, 'ephemeral.size': 65_536 }, false);
    expect(record).to.deep.equal(['ephemeral', 'size=65536,nr_inodes=1024,mode=700']);
  });

  it('is refused when its directories lie within each other', () => {
    expect(() => rootRecords({ path: '/j', base: ['/j/b'] }, true)).to.throw(
      'base /j/b: it and /j lie within each other',
    );
  });
});
