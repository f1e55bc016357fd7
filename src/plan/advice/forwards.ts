import type { Finding } from '../../config/finding.js';
import { hasOwnLink } from '../../config/network-of.js';
import { familyOf } from '../../config/values/family.js';
import { familyOfRedirect, type Redirect } from '../../config/values/forward.js';
import type { HostView } from '../host-view.js';
import { hostListeners, type Listener } from './host-tables.js';
import { absence, finding, type Subject } from './subject.js';

/** Where nft(8) is, whatever distribution it is of. */
const DIRECTORIES = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/sbin', '/usr/local/bin'];

const hasNft = (host: HostView): boolean =>
  DIRECTORIES.some((directory) => host.stat(`${directory}/nft`).kind === 'file');

/** What is done by the packet filter takes the program that changes it. */
export function* filterIsThere(subject: Subject, host: HostView): Iterable<Finding> {
  const { values } = subject.jail;
  if (!hasOwnLink(values) || hasNft(host)) return;
  const severity = absence(subject, 'nft');
  const asked = {
    nat: (values.nat ?? []).length > 0,
    rdr: (values.rdr ?? []).length > 0,
    // On a bridge the ports themselves keep jails apart.
    isolate: values.isolate === true && values.bridge === undefined,
  };
  for (const parameter of ['nat', 'rdr', 'isolate'] as const) {
    if (!asked[parameter] || severity === null) continue;
    const message = `${parameter} needs nft, which this host does not have`;
    yield finding(subject, severity, 'no-such-program', parameter, message, 'install the package nftables');
  }
}

const listeners = new WeakMap<HostView, readonly Listener[]>();

function listenersOf(host: HostView): readonly Listener[] {
  const known = listeners.get(host) ?? hostListeners(host);
  listeners.set(host, known);
  return known;
}

const isEverywhere = (address: string): boolean => address === '0.0.0.0' || address === '::';

/** Whether packets that a listener would have go to the jail. */
function isTaken(listener: Listener, redirect: Redirect): boolean {
  const { protocol, hostAddress, hostPorts } = redirect;
  if (listener.protocol !== protocol) return false;
  if (listener.port < hostPorts.first || listener.port > hostPorts.last) return false;
  // What listens on :: mostly has IPv4 as well.
  if (listener.address === '::') return true;
  const family = familyOfRedirect(redirect);
  if (family !== null && familyOf(listener.address) !== family) return false;
  return hostAddress === undefined || isEverywhere(listener.address) || listener.address === hostAddress;
}

/** A port that the host itself listens on has two owners: who asks gets the jail. */
export function* portsAreFree({ jail }: Subject, host: HostView): Iterable<Finding> {
  for (const [element, redirect] of (jail.values.rdr ?? []).entries()) {
    const listener = listenersOf(host).find((one) => isTaken(one, redirect));
    if (listener === undefined) continue;
    const { protocol, port, address } = listener;
    const where = isEverywhere(address) ? '' : ` of ${address}`;
    const message = `this host itself listens on ${protocol} ${port}${where}`;
    const hint = 'who asks for it gets the jail: take another port, or an address of the host that is free';
    yield finding({ jail }, 'warning', 'address-in-use', { parameter: 'rdr', element }, message, hint);
  }
}
