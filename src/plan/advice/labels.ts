import type { Finding } from '../../config/finding.js';
import type { HostView } from '../host-view.js';
import { labelsOf, refuseLabel } from '../labels.js';
import { finding, type Subject } from './subject.js';

/** "NAME (MODE)", a line for each. */
const PROFILES = '/sys/kernel/security/apparmor/profiles';

/** The kernel takes the labels that a jail asks for. */
export function* labelsAreTaken(subject: Subject, host: HostView): Iterable<Finding> {
  for (const [name, label] of labelsOf(subject.jail.values)) {
    const refusal = refuseLabel(name, host.securityModules());
    if (refusal !== null)
      yield finding(subject, 'error', 'not-on-this-host', name, refusal.message, refusal.hint);
    else if (name === 'apparmor') yield* profileIsLoaded(subject, host, label);
  }
}

function* profileIsLoaded(subject: Subject, host: HostView, profile: string): Iterable<Finding> {
  const loaded = host.text(PROFILES);
  // ":ns:profile" is one of another namespace, which this list does not have; "unconfined" is always there.
  if (loaded === null || profile.startsWith(':') || profile === 'unconfined') return;
  if (loaded.split('\n').some((line) => line.replace(/ \(\w+\)$/, '') === profile)) return;
  const hint = `load it: apparmor_parser -r /etc/apparmor.d/${profile}`;
  const message = `no AppArmor profile "${profile}" is loaded`;
  yield finding(subject, 'error', 'not-on-this-host', 'apparmor', message, hint);
}
