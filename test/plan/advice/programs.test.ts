import { expect } from 'chai';
import { adviseOn } from '../../../src/plan/advice/advice.js';
import { adviceOn, adviceOnX } from '../../support/advice.js';
import { compileText } from '../../support/compile-text.js';
import { fakeHost } from '../../support/fake-host-view.js';

describe('a command inside', () => {
  it('begins with a program of the root, wherever links in it lead', () => {
    expect(adviceOnX('exec.start = "/bin/sh -c date", "echo $(date)";'.replace('$', '\\$'))).to.deep.equal(
      [],
    );
    expect(adviceOnX('command = /bin/app;')).to.deep.equal([
      '2:11 error: jail "x" has no /bin/app [no-such-program]',
    ]);
    const busybox = {
      '/j/x/bin': '-> usr/bin',
      '/j/x/usr/bin/app': '-> /sbin/busybox',
      '/j/x/sbin/busybox': 'b',
    };
    expect(adviceOn('x { path = /j/x; command = /bin/app; }', busybox)).to.deep.equal([]);
    const outside = { '/j/x/bin/app': '-> /../../../bin/host', '/bin/host': 'b' };
    expect(adviceOnX('command = /bin/app;', outside)).to.deep.equal([
      '2:11 error: jail "x" has no /bin/app [no-such-program]',
    ]);
  });

  it('is looked for by name in the PATH that it has', () => {
    expect(adviceOnX('command = sh;')).to.deep.equal([]);
    expect(adviceOnX('command = app; exec.env = "PATH=/opt";')).to.deep.equal([
      '2:11 error: jail "x" has no program app [no-such-program]',
    ]);
    expect(adviceOnX('command = app; exec.env = "PATH=/opt";', { '/j/x/opt/app': 'a' })).to.deep.equal([]);
  });

  it('is a file that may be executed, and so is what runs it', () => {
    const files = {
      '/j/x/data': { text: 'data', mode: 0o644 },
      '/j/x/script': '#! /bin/python -u\n',
      '/j/x/fine': '#!/bin/sh\n',
    };
    expect(adviceOnX('exec.start = /data;', files)).to.deep.equal([
      '2:14 error: jail "x": /data may not be executed [no-such-program]',
    ]);
    expect(adviceOnX('exec.start = /script;', files)).to.deep.equal([
      '2:14 error: /script is run by /bin/python: jail "x" has no /bin/python [no-such-program]',
    ]);
    expect(adviceOnX('exec.start = /fine;', files)).to.deep.equal([]);
    expect(adviceOnX('exec.start = /bin;', files)).to.deep.equal([
      '2:14 error: jail "x": /bin is a directory [no-such-program]',
    ]);
  });

  it('that is a shell finds the script it is given', () => {
    expect(
      adviceOnX('exec.start = "/bin/sh /etc/rc"; exec.stop = "/bin/sh /etc/rc.shutdown";'),
    ).to.deep.equal([
      '2:14 error: jail "x" has no /etc/rc [no-such-program]',
      '2:45 warning: jail "x" has no /etc/rc.shutdown [no-such-program]',
    ]);
  });

  it('is only warned of when a command before it may bring its program', () => {
    expect(adviceOnX('exec.start = "/bin/sh", "/opt/app", "/opt/other &";')).to.deep.equal([
      '2:25 warning: jail "x" has no /opt/app [no-such-program]',
      '2:37 warning: jail "x" has no /opt/other [no-such-program]',
    ]);
    const hook = 'exec.prepare = /bin/clone; command = /opt/app;';
    expect(adviceOnX(hook, { '/bin/clone': 'c' })).to.deep.equal([
      '2:38 warning: jail "x" has no /opt/app [no-such-program]',
    ]);
  });

  it('may come from what is mounted', () => {
    const mount = 'mount = "/base /j/x/usr nullfs";';
    const files = { '/base/bin/app': 'a', '/j/x/usr': 'dir' };
    expect(adviceOnX(`${mount} command = /usr/bin/app;`, files)).to.deep.equal([]);
    expect(adviceOnX(`${mount} command = /usr/bin/no;`, files)).to.deep.equal([
      '2:44 error: jail "x" has no /usr/bin/no [no-such-program]',
    ]);
    expect(adviceOnX('mount = "tmpfs /j/x/usr tmpfs"; command = /usr/bin/no;', files)).to.deep.equal([]);
    expect(adviceOnX('command = /proc/self/exe;')).to.deep.equal([]);
  });
});

describe('a command on the host', () => {
  it('begins with a program of the host', () => {
    const text = 'exec.prestart = "ifconfig epair create"; exec.poststop = /no/thing;';
    expect(adviceOnX(text)).to.deep.equal([
      '2:17 error: this host has no program ifconfig [no-such-program]',
      '2:58 warning: this host has no /no/thing [no-such-program]',
    ]);
    expect(adviceOnX('exec.poststart = "true";', { '/usr/bin/true': 't' })).to.deep.equal([]);
  });

  it('that begins with a variable of a shell has the hint that env sets it', () => {
    const { jails } = compileText('x { path = /j/x; persist; exec.prestart = "A=b true"; }');
    const hints = adviseOn(jails, fakeHost({ '/j/x/bin/sh': 's' })).map(({ hint }) => hint);
    expect(hints).to.deep.equal(['only a shell sets variables: write env A=b']);
  });
});
