import { SystemError } from './error.js';
import type { JailerHandle, NetworkView, TrafficSubject } from './host.js';
import { withNetlink } from './netlink.js';
import {
  decodeAddressView,
  decodeLinkView,
  decodeRouteView,
  getLinkView,
  viewAddresses,
  viewLinks,
  viewRoutes,
  type LinkView,
  type Traffic,
} from './netlink-view.js';
import { withJailNetlink } from './jail-end.js';

/** Up to this many links are asked for one by one, in one message whose answers the socket can hold. */
const FEW = 16;
const NOTHING: Traffic = { receivedBytes: 0, receivedPackets: 0, sentBytes: 0, sentPackets: 0 };

/** The interfaces of a jail with a stack of its own, as its kernel has them now. Throws SystemError when it has ended. */
export function viewNetwork(jailer: JailerHandle): NetworkView {
  return withJailNetlink(jailer, (jail) => {
    const [links = [], addresses = [], routes = []] = [viewLinks(), viewAddresses(), viewRoutes()].map(
      (request) => jail.request([request])[0] ?? [],
    );
    return {
      links: links.map(decodeLinkView).filter(({ loopback }) => !loopback),
      addresses: addresses.map(decodeAddressView),
      routes: routes.map(decodeRouteView).filter((route) => route !== null),
    };
  });
}

/**
 * What has passed the links of jails, by jail, as the jails see it; those that have just ended are left out. However
 * many they are, the host is asked once. Throws SystemError.
 */
export function countTraffic(subjects: readonly TrafficSubject[]): ReadonlyMap<string, Traffic> {
  const names = subjects.flatMap(({ place }) => (place.kind === 'host' ? [place.link] : []));
  const links = hostLinks(names);
  const counted = subjects.flatMap(({ jail, jailer, place }): readonly (readonly [string, Traffic])[] => {
    if (place.kind === 'nowhere') return [[jail, NOTHING]];
    const found = place.kind === 'host' ? links.get(place.link)?.traffic : inside(jailer, place.links);
    if (found === undefined) return [];
    return [[jail, place.kind === 'host' ? fromTheOtherEnd(found) : found]];
  });
  return new Map(counted);
}

function hostLinks(names: readonly string[]): ReadonlyMap<string, LinkView> {
  if (names.length === 0) return new Map();
  const bodies = withNetlink((host) =>
    names.length > FEW ? host.request([viewLinks()]) : host.request(names.map(getLinkView)),
  ).flat();
  return new Map(bodies.map(decodeLinkView).map((link) => [link.name, link]));
}

/** What the host's end of a veth has sent the jail has received. */
function fromTheOtherEnd(traffic: Traffic): Traffic {
  return {
    receivedBytes: traffic.sentBytes,
    receivedPackets: traffic.sentPackets,
    sentBytes: traffic.receivedBytes,
    sentPackets: traffic.receivedPackets,
  };
}

/** The sum over links in the jail's own network namespace; undefined when that is gone. */
function inside(jailer: JailerHandle | null, names: readonly string[]): Traffic | undefined {
  if (jailer === null) return undefined;
  try {
    const bodies = withJailNetlink(jailer, (jail) => jail.request(names.map(getLinkView))).flat();
    return bodies.map((body) => decodeLinkView(body).traffic).reduce(sum, NOTHING);
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}

const sum = (one: Traffic, other: Traffic): Traffic => ({
  receivedBytes: one.receivedBytes + other.receivedBytes,
  receivedPackets: one.receivedPackets + other.receivedPackets,
  sentBytes: one.sentBytes + other.sentBytes,
  sentPackets: one.sentPackets + other.sentPackets,
});
