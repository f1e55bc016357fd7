import { expect } from 'chai';
import type { HostView } from '../../../src/plan/host-view.js';
import { adviceOnX } from '../../support/advice.js';

describe('targets of a log', () => {
  const socket: Partial<HostView> = {
    stat: (path) =>
      path === '/dev/log' ? { kind: 'other', mode: 0o666, uid: 0, gid: 0 } : { kind: 'missing' },
  };
  /** What is said of the log alone. */
  const adviceOf = (...words: Parameters<typeof adviceOnX>): readonly string[] =>
    adviceOnX(...words).filter((line) => line.includes('logs'));

  it('are warned of where nobody listens', () => {
    expect(adviceOf('log.target = file, journald, syslog;', {}, socket)).to.deep.equal([
      '2:20 warning: there is no /run/systemd/journal/socket that takes logs [not-on-this-host]',
    ]);
    expect(adviceOf('log.target = syslog;', { '/dev/log': 'text' })).to.deep.equal([
      '2:14 warning: /dev/log is no socket that takes logs [not-on-this-host]',
    ]);
  });

  it('are looked for where jaild.ini has them', () => {
    const logSockets = { journald: '/run/other', syslog: '/dev/log' };
    expect(adviceOf('log.target = journald;', {}, { ...socket, logSockets })).to.deep.equal([
      '2:14 warning: there is no /run/other that takes logs [not-on-this-host]',
    ]);
    expect(adviceOf('log.target = syslog;', {}, { ...socket, logSockets })).to.deep.equal([]);
  });
});
