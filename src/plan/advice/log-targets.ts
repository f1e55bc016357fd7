import type { Finding } from '../../config/finding.js';
import type { HostView } from '../host-view.js';
import { logTargets, type LogSockets } from '../log.js';
import { logHasADirectory } from './files.js';
import { elementOf, finding, type Subject } from './subject.js';

const services: Readonly<Record<keyof LogSockets, string>> = {
  journald: 'systemd-journald',
  syslog: 'a syslog service such as rsyslog',
};

/** What becomes of the log can become of it here. */
export function* logIsKept(subject: Subject, host: HostView): Iterable<Finding> {
  yield* logHasADirectory(subject, host);
  yield* targetsListen(subject, host);
}

/** They may begin to later, so that is no reason not to start. */
function* targetsListen(subject: Subject, host: HostView): Iterable<Finding> {
  for (const target of logTargets(subject.jail.values)) {
    if (target === 'file') continue;
    const socket = host.logSockets[target];
    const { kind } = host.stat(socket);
    if (kind === 'other' || kind === 'unknown') continue;
    const message =
      kind === 'missing' ? `there is no ${socket} that takes logs` : `${socket} is no socket that takes logs`;
    const hint = `start ${services[target]}, or write targets.${target} in jaild.ini(5): until then lines are lost`;
    yield finding(
      subject,
      'warning',
      'not-on-this-host',
      elementOf(subject, 'log.target', target),
      message,
      hint,
    );
  }
}
