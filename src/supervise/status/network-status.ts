import type { Jail } from '../../config/compile.js';
import { SystemError } from '../../host/error.js';
import type { Host, NetworkView } from '../../host/host.js';
import { hasLink } from '../../plan/network.js';
import type { JailPlan, NetworkArgs, RateArgs } from '../../plan/step.js';
import type { SupervisedJail } from '../jail.js';
import type { JailNetwork } from '../operations.js';

/** The network of a jail that is there, by the kernel where that can tell, else by its plan; null for one that is down. */
export function networkOf({ life }: SupervisedJail, host: Host): JailNetwork | null {
  if (!life?.plan) return null;
  const attach = attachOf(life.plan);
  return {
    attachment: attachmentOf(attach),
    hostLink: attach === null || attach.attachment.kind === 'macvlan' ? null : hostLinkOf(attach),
    ...(seen(life.jailer, host) ?? planned(attach)),
    ...asked(life.jail),
    limits: limitsOf(life.plan),
  };
}

/** How a plan has the network made that is the jail's own; null for that of the host. */
export function attachOf(plan: JailPlan | null): NetworkArgs | null {
  return plan?.prepare.find((step) => step.name === 'network.attach')?.args ?? null;
}

const hostLinkOf = (attach: NetworkArgs): string | null => (hasLink(attach) ? attach.link : null);

function attachmentOf(attach: NetworkArgs | null): JailNetwork['attachment'] {
  if (attach === null) return { kind: 'host', on: null };
  const { attachment } = attach;
  if (!hasLink(attach)) return { kind: 'none', on: null };
  if (attachment.kind === 'bridge') return { kind: 'bridge', on: attachment.bridge };
  if (attachment.kind === 'macvlan') return { kind: 'macvlan', on: attachment.on };
  const announced = new Set([...attach.ip4, ...attach.ip6].flatMap(({ announceOn }) => announceOn ?? []));
  return { kind: 'routed', on: announced.size === 0 ? null : [...announced].join(', ') };
}

type Interfaces = Pick<JailNetwork, 'links' | 'addresses' | 'routes'>;

/** What the kernel says; null when the jail has no stack of its own, or has just ended. */
function seen(jailer: SupervisedJail['jailer'], host: Host): Interfaces | null {
  if (jailer === null || jailer.netlinkFd < 0) return null;
  try {
    return named(host.network(jailer));
  } catch (error) {
    if (error instanceof SystemError) return null;
    throw error;
  }
}

/** With the names of links in the place of their numbers; what is on the loopback only is nobody's business. */
function named({ links, addresses, routes }: NetworkView): Interfaces {
  const names = new Map(links.map(({ index, name }) => [index, name]));
  return {
    links: links.map(({ name, mac, mtu, up }) => ({ name, mac, mtu, up })),
    addresses: addresses.flatMap(({ link, ...address }) => {
      const name = names.get(link);
      return name === undefined ? [] : [{ link: name, ...address }];
    }),
    routes: routes.map(({ link, ...route }) => ({ ...route, link: names.get(link) ?? null })),
  };
}

function planned(attach: NetworkArgs | null): Interfaces {
  if (attach === null || !hasLink(attach)) return { links: [], addresses: [], routes: [] };
  const { peer, peerMac, mtu, ip4, ip6 } = attach;
  return {
    links: [{ name: peer, mac: peerMac, mtu, up: false }],
    addresses: [...ip4, ...ip6].map(({ address, prefix }) => ({ link: peer, address, prefix, global: true })),
    routes: [],
  };
}

/** As written in the file. */
function asked({ values, params }: Jail): Pick<JailNetwork, 'forwards' | 'nat' | 'isolated' | 'nameServers'> {
  const words = (name: string): readonly string[] => params.get(name) ?? ['true'];
  const { rdr = [], nat = [], isolate = false, dns = 'none' } = values;
  return {
    forwards: rdr.length > 0 ? words('rdr') : [],
    nat: nat.length > 0 ? words('nat') : [],
    isolated: isolate,
    nameServers: dns === 'none' ? null : words('dns'),
  };
}

function limitsOf(plan: JailPlan): JailNetwork['limits'] {
  const limit = plan.prepare.find((step) => step.name === 'network.limit')?.args;
  const { egress, ingress }: Pick<RateArgs, 'egress' | 'ingress'> = limit ?? { egress: null, ingress: null };
  return { egress, ingress };
}
