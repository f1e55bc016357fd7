import type { Finding } from '../../config/finding.js';
import { capabilityCost } from '../audit/capability-costs.js';
import type { Severity } from '../audit/finding.js';
import { isHostRoot, jailCapabilities, grantedBy } from '../capabilities.js';
import { isParamName } from '../../config/params.js';
import type { HostView } from '../host-view.js';
import { finding, type Subject } from './subject.js';

/** Of the doors that `jailctl audit` names, those by which a jail comes near to the host. */
const isGrave = (severity: Severity): boolean => severity === 'high' || severity === 'critical';

function* gravestCapabilities(subject: Subject): Iterable<Finding> {
  const { values, name } = subject.jail;
  for (const capability of jailCapabilities(values)) {
    const { severity, cost } = capabilityCost(capability, !isHostRoot(values));
    const by = grantedBy(values, capability);
    if (!isGrave(severity) || !isParamName(by) || values[by] === undefined) continue;
    const message = `jail "${name}" has the capability ${capability}: ${cost}`;
    yield finding(subject, 'warning', 'open-door', by, message, 'take it out where you can');
  }
}

/** Walls that a jail has opened by name, as far as only one other stands behind. */
export function* doorsAreMeant(subject: Subject, host: HostView): Iterable<Finding> {
  const { values, name } = subject.jail;
  if (values.seccomp === 'off') {
    const message = `jail "${name}" may make every system call, those with a history of holes too`;
    yield finding(
      subject,
      'warning',
      'open-door',
      'seccomp',
      message,
      'name a policy that has what it needs',
    );
  }
  yield* gravestCapabilities(subject);
  for (const [element, { path, write }] of (values.devices ?? []).entries()) {
    if (host.stat(path).kind !== 'block-device') continue;
    const what = write ? 'read and change' : 'read';
    const message = `jail "${name}" can ${what} all that is on the disk ${path}, whoever's it is`;
    const at = { parameter: 'devices', element } as const;
    yield finding(
      subject,
      'warning',
      'open-door',
      at,
      message,
      'mount the disk on the host and give it a directory',
    );
  }
}
