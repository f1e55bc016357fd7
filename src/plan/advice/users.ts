import type { Finding } from '../../config/finding.js';
import type { HostView } from '../host-view.js';
import { finding, type Subject } from './subject.js';
import { lookInside } from './tree.js';

const PASSWD = '/etc/passwd';
const hookNames = [
  ...(['exec.prepare', 'exec.prestart', 'exec.created', 'exec.poststart'] as const),
  ...(['exec.prestop', 'exec.poststop', 'exec.release'] as const),
];
const insideNames = ['exec.start', 'command', 'exec.stop'] as const;

/** Commands run as users that there are: outside by the host's passwd, inside by the jail's own. */
export function* usersExist(subject: Subject, host: HostView): Iterable<Finding> {
  const { values } = subject.jail;
  const hostUser = values['exec.system_user'];
  if (hostUser !== undefined && hostUser !== 'root' && host.users(PASSWD)?.has(hostUser) === false) {
    const isUsed = hookNames.some((name) => (values[name]?.length ?? 0) > 0);
    const message = `this host has no user "${hostUser}"`;
    yield finding(
      subject,
      isUsed ? 'error' : 'warning',
      'no-such-user',
      'exec.system_user',
      message,
      `${PASSWD} of the host must have it`,
    );
  }
  yield* insideUser(subject, host);
}

function* insideUser(subject: Subject, host: HostView): Iterable<Finding> {
  const { values } = subject.jail;
  const user = values['exec.jail_user'];
  // UID and UID:GID need no entry.
  if (user === undefined || /^\d+(:\d+)?$/.test(user)) return;
  const fromHost = values['exec.system_jail_user'] === true;
  const file = fromHost ? PASSWD : insidePasswd(subject, host);
  const known = file === undefined ? null : file === null ? new Set<string>() : host.users(file);
  if (known === null || known.has(user)) return;
  const isUsed = insideNames.some((name) => (values[name]?.length ?? 0) > 0);
  const mayCome = subject.preparations.length > 0 && !fromHost;
  const message = fromHost
    ? `this host has no user "${user}"`
    : `jail "${subject.jail.name}" has no user "${user}"`;
  const hint = `${file ?? `${values.path}${PASSWD}`} must have it; a number needs no entry`;
  const severity = isUsed && !mayCome ? 'error' : 'warning';
  yield finding(subject, severity, 'no-such-user', 'exec.jail_user', message, hint);
}

/** The jail's own file as a path of the host; null when there is none, undefined when nobody can tell. */
function insidePasswd({ tree }: Subject, host: HostView): string | null | undefined {
  if (tree === null) return undefined;
  const { fact, hostPath } = lookInside(host, tree, PASSWD);
  if (fact.kind === 'missing') return null;
  return fact.kind === 'file' ? hostPath : undefined;
}
