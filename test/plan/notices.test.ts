import { expect } from 'chai';
import { launchRecords } from '../../src/plan/launch.js';
import { noticeRecords, noticeVariables } from '../../src/plan/notices.js';
import { onlyJail } from '../support/compile-text.js';
import { FakeHost } from '../support/fake-host.js';

const valuesOf = (text: string) => onlyJail(`web { path = /j; command = /bin/s; ${text} }`).values;
const MOUNT = 'create,ro,nosuid,nodev,noexec';
const heard = [
  ['notify', '/run/jaild/web/notify'],
  ['mount', 'bind', '/run/jaild/web/notify', 'dev/notify', MOUNT],
];

describe('a jail that says of itself that it is ready, or alive', () => {
  const records = (text: string) => noticeRecords(valuesOf(text), '/run/jaild/web');

  it('has a socket in its /dev, or without one of its own in /run', () => {
    expect(records('ready = notify;')).to.deep.equal(heard);
    expect(records('watchdog = 20s;')).to.deep.equal(heard);
    expect(records('ready = notify; mount.nodevfs;')).to.deep.equal([
      heard[0],
      ['mount', 'bind', '/run/jaild/web/notify', 'run/notify', MOUNT],
    ]);
  });

  it('has none when nothing depends on what it says', () => {
    expect(records('')).to.deep.equal([]);
    expect(records('ready = health; watchdog = 0;')).to.deep.equal([]);
    expect(noticeVariables(valuesOf('ready = exec;'))).to.deep.equal({});
  });

  it('is told so, in microseconds', () => {
    expect(noticeVariables(valuesOf('ready = notify;'))).to.deep.equal({ NOTIFY_SOCKET: '/dev/notify' });
    expect(noticeVariables(valuesOf('watchdog = 1.5s; mount.nodevfs;'))).to.deep.equal({
      NOTIFY_SOCKET: '/run/notify',
      WATCHDOG_USEC: '1500000',
    });
  });

  it('finds it behind all other mounts, and exec.env has the last word', async () => {
    const jail = onlyJail(
      'web { path = /j; command = /bin/s; ready = notify; watchdog = 9; exec.env = "WATCHDOG_USEC=5"; exec.timeout = 500ms; exec.start = /bin/a; }',
    );
    const facts = await new FakeHost().facts(jail);
    const all = launchRecords(
      jail,
      facts,
      { foreground: false, terminal: false },
      {
        rundir: '/r',
        log: null,
        cgroups: [],
      },
    );
    const mounts = all.filter(([key]) => key === 'mount').map(([, , , target]) => target);
    expect(mounts.at(-1)).to.equal('dev/notify');
    expect(all.filter(([key, text]) => key === 'env' && /NOTIFY|WATCHDOG/.test(text ?? ''))).to.deep.equal([
      ['env', 'NOTIFY_SOCKET=/dev/notify'],
      ['env', 'WATCHDOG_USEC=5'],
    ]);
    // The jailer counts whole seconds for these.
    expect(all).to.deep.include(['run', 'start', '1', '1', '/bin/a']);
  });
});
