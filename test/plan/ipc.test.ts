import { expect } from 'chai';
import { systemV } from '../../src/plan/ipc.js';

describe('System V IPC of a jail', () => {
  it('is its own unless something else is written', () => {
    expect(systemV({})).to.deep.equal({ sysvmsg: 'new', sysvsem: 'new', sysvshm: 'new' });
    expect(systemV({ 'allow.sysvipc': true, sysvsem: 'disable' })).to.deep.equal({
      sysvmsg: 'new',
      sysvsem: 'disable',
      sysvshm: 'new',
    });
  });

  it('is shared with the host as far as it is written, and no further', () => {
    expect(systemV({ sysvshm: 'inherit' })).to.deep.equal({
      sysvmsg: 'disable',
      sysvsem: 'disable',
      sysvshm: 'inherit',
    });
  });

  it('is none with allow.nosysvipc, but for what is written', () => {
    expect(systemV({ 'allow.sysvipc': false, sysvmsg: 'new' })).to.deep.equal({
      sysvmsg: 'new',
      sysvsem: 'disable',
      sysvshm: 'disable',
    });
  });
});
