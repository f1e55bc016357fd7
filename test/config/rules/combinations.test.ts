import { expect } from 'chai';
import { codes, compileText } from '../../support/compile-text.js';

const found = (body: string): readonly string[] =>
  codes(compileText(`x {\npath = /p; persist;\n${body} }`).diagnostics);

describe('the host name of a jail', () => {
  it('can’t be set where it is the host’s', () => {
    expect(found('host = inherit; host.hostname = a; host.hostid = 1;')).to.deep.equal([
      '3:17 bad-value',
      '3:36 bad-value',
    ]);
    expect(found('host = inherit;')).to.deep.equal([]);
    expect(found('host = inherit; allow.set_hostname;')).to.deep.equal(['3:17 without-effect']);
  });

  it('is there, inherited or its own', () => {
    expect(found('host = disable;')).to.deep.equal(['3:8 bad-value']);
    expect(found('host = new; host.hostname = a;')).to.deep.equal([]);
  });
});

describe('System V IPC', () => {
  it('is not partly the host’s and partly the jail’s own', () => {
    expect(found('sysvshm = inherit; sysvmsg = new; sysvsem = disable;')).to.deep.equal(['3:20 bad-value']);
    expect(found('sysvshm = inherit; sysvsem = inherit;')).to.deep.equal([]);
  });

  it('can’t be disabled without a system call policy', () => {
    expect(found('seccomp = off; sysvshm = disable; allow.nosysvipc;')).to.deep.equal([
      '3:16 without-effect',
      '3:35 without-effect',
    ]);
  });
});

describe('jails within a jail', () => {
  it('take a user namespace, which counts them', () => {
    expect(found('children.max = 2; userns = off;')).to.deep.equal(['3:1 bad-value']);
    expect(found('children.max = 2;')).to.deep.equal([]);
  });
});

describe('what only root of the host may do', () => {
  for (const name of ['chflags', 'adjtime', 'settime', 'setaudit'])
    it(`is told to do nothing in a user namespace: allow.${name}`, () => {
      expect(found(`allow.${name};`)).to.deep.equal(['3:1 without-effect']);
      expect(found(`allow.${name}; userns = off;`)).to.deep.equal([]);
      expect(found(`allow.no${name};`)).to.deep.equal([]);
    });
});

describe('debugging', () => {
  it('can’t be forbidden without a system call policy', () => {
    expect(found('seccomp = off; allow.nounprivileged_proc_debug;')).to.deep.equal(['3:16 without-effect']);
    expect(found('seccomp = off;')).to.deep.equal([]);
  });
});

describe('the size of what an ephemeral jail writes', () => {
  it('is told to do nothing for another', () => {
    expect(found('ephemeral.size = 1M;')).to.deep.equal(['3:1 without-effect']);
    expect(found('ephemeral; ephemeral.size = 1M;')).to.deep.equal([]);
    expect(found('ephemeral; ephemeral.size = 1k;')).to.deep.equal(['3:29 bad-value']);
    expect(found('ephemeral; ephemeral.size = max;')).to.deep.equal(['3:29 bad-value']);
  });
});
