import type { Finding } from '../../config/finding.js';
import { networkAddress, subnetAsText, subnetsOverlap, type Subnet } from '../../config/values/subnet.js';
import type { HostView } from '../host-view.js';
import { hostRoutes } from './host-tables.js';
import { isLinkOfAJail } from '../instance.js';
import { networksOf } from './network.js';
import { absence, finding, type Subject } from './subject.js';

const CLASS = '/sys/class/net';
const MAX_NAMED = 8;

/** Whether a link of the host is a bridge; null where its /sys is not that of its network. */
function isBridge(host: HostView, name: string): boolean | null {
  if (host.stat(`${CLASS}/${name}`).kind !== 'directory') return null;
  return host.stat(`${CLASS}/${name}/bridge`).kind === 'directory';
}

/** Whether a bridge is none that any jaild has made: those have its name in their alias. */
function isForeign(host: HostView, name: string): boolean {
  const alias = host.text(`${CLASS}/${name}/ifalias`);
  return alias !== null && !alias.startsWith('jaild');
}

/** A bridge is one of the host's, or made with a jail. */
export function* bridgesAreThere(subjects: readonly Subject[], host: HostView): Iterable<Finding> {
  const made = new Set<string>();
  for (const { jail } of subjects)
    if ((jail.values['bridge.subnet'] ?? []).length > 0 && jail.values.bridge !== undefined)
      made.add(jail.values.bridge);
  for (const subject of subjects) {
    const { bridge } = subject.jail.values;
    if (bridge === undefined) continue;
    const tell = (severity: Finding['severity'], message: string, hint: string): Finding =>
      finding(subject, severity, 'no-such-interface', 'bridge', message, hint);
    if (host.links().includes(bridge)) {
      if (isBridge(host, bridge) === false) yield tell('error', `${bridge} is no bridge`, bridgeHint(host));
      else if ((subject.jail.values['bridge.subnet'] ?? []).length > 0 && isForeign(host, bridge)) {
        const hint = 'without bridge.subnet the jail becomes a port of it as it is; or take another name';
        yield tell('error', `${bridge} is a bridge of this host, which jaild has not made`, hint);
      }
      continue;
    }
    const severity = made.has(bridge) ? null : absence(subject, bridge);
    if (severity !== null) yield tell(severity, `this host has no bridge ${bridge}`, bridgeHint(host));
  }
}

function bridgeHint(host: HostView): string {
  const names = host.links().filter((name) => isBridge(host, name) === true);
  const rest = names.length > MAX_NAMED ? ', ...' : '';
  const those = names.length === 0 ? 'it has none' : `it has ${names.slice(0, MAX_NAMED).join(', ')}${rest}`;
  return `${those}; with bridge.subnet = auto; jaild makes one of a name that is free`;
}

interface Network extends Subnet {
  readonly link: string;
}

/** Where a subnet of a jail's would stand between the host and what it reaches already. */
export function* subnetsAreFree(subjects: readonly Subject[], host: HostView): Iterable<Finding> {
  const known = new Set<string>();
  for (const subject of subjects) {
    const { bridge, 'bridge.subnet': subnets = [] } = subject.jail.values;
    if (bridge === undefined) continue;
    for (const [element, subnet] of subnets.entries()) {
      if (subnet === 'auto' || known.has(`${bridge} ${subnetAsText(subnet)}`)) continue;
      known.add(`${bridge} ${subnetAsText(subnet)}`);
      const at = { parameter: 'bridge.subnet', element } as const;
      const isOther = (one: Network): boolean => one.link !== bridge && subnetsOverlap(one, subnet);
      const near = networksOf(host).networks.find(isOther);
      const far = near === undefined ? routesOf(host).find(isOther) : undefined;
      const found = near ?? far;
      if (found === undefined) continue;
      const how = near === undefined ? 'routes over' : 'is in on';
      const network = subnetAsText({ ...found, address: networkAddress(found) });
      const message = `${subnetAsText(subnet)} overlaps ${network}, which this host ${how} ${found.link}`;
      const hint = 'what is there could not be reached: take another subnet, or auto';
      yield finding(subject, 'warning', 'overlapping-subnet', at, message, hint);
    }
  }
}

const routes = new WeakMap<HostView, readonly Network[]>();

function routesOf(host: HostView): readonly Network[] {
  const known = routes.get(host);
  if (known !== undefined) return known;
  const fresh = hostRoutes(host).filter(({ link }) => !isLinkOfAJail(link));
  routes.set(host, fresh);
  return fresh;
}

/** What is longer than the interface on the way takes is lost. */
export function* mtuFits(subject: Subject, host: HostView): Iterable<Finding> {
  const { mtu, macvlan, bridge, 'bridge.subnet': subnets = [] } = subject.jail.values;
  const parent = macvlan ?? (subnets.length === 0 ? bridge : undefined);
  if (mtu === undefined || parent === undefined) return;
  const most = Number(host.text(`${CLASS}/${parent}/mtu`)?.trim() ?? NaN);
  if (!(mtu > most)) return;
  const message = `${mtu} is more than the ${most} bytes that ${parent} takes`;
  const hint = `write at most ${most}, or give ${parent} more`;
  yield finding(subject, 'warning', 'beyond-host', 'mtu', message, hint);
}
