import { sizeText } from '../config/values/quantity.js';
import type { JailNetwork, JailStatus } from '../supervise/operations.js';
import type { Line } from './render.js';

const KINDS: Readonly<Record<JailNetwork['attachment']['kind'], string>> = {
  routed: 'routed',
  bridge: 'bridge',
  macvlan: 'macvlan on',
  host: 'that of the host',
  none: 'loopback only',
};

function attachmentText({ attachment: { kind, on }, hostLink, isolated, links }: JailNetwork): string {
  if (kind === 'none' && links.length > 0) return 'what was moved in';
  const place = [KINDS[kind], kind === 'routed' && on !== null ? `on ${on}` : (on ?? '')];
  const words = [...place, hostLink === null ? '' : `by ${hostLink}`].filter((word) => word !== '');
  return `${words.join(' ')}${isolated ? ', isolated' : ''}`;
}

function linkLine({ name, mac, mtu, up }: JailNetwork['links'][number], network: JailNetwork): Line {
  const addresses = network.addresses.filter(({ link }) => link === name);
  const words = [
    `${name} ${mac}`,
    mtu === null ? '' : `mtu ${mtu}`,
    up ? '' : 'down',
    ...addresses.map(({ address, prefix }) => `${address}/${prefix}`),
  ];
  return ['link', words.filter((word) => word !== '').join(', ')];
}

/** "default via 10.88.0.1 on eth0" */
export function routeText({ to, via, link, source }: JailNetwork['routes'][number]): string {
  const words = [to, via && `via ${via}`, link && `on ${link}`, source && `from ${source}`];
  return words.filter((word) => word !== null).join(' ');
}

function rateText({ limits: { egress, ingress } }: JailNetwork): string {
  const words = [
    egress === null ? '' : `sends ${sizeText(egress)}/s`,
    ingress === null ? '' : `receives ${sizeText(ingress)}/s`,
  ].filter((word) => word !== '');
  return words.length === 0 ? '' : `${words.join(', ')} at most`;
}

/** What a jail's story says of its network. */
export function networkLines(network: JailNetwork): readonly Line[] {
  const { links, routes, forwards, nat, nameServers } = network;
  return [
    ['network', attachmentText(network)],
    ...links.map((link) => linkLine(link, network)),
    ...routes.map((route): Line => ['route', routeText(route)]),
    ...forwards.map((text): Line => ['forward', text]),
    ...nat.map((text): Line => ['nat', text === 'true' ? 'all addresses' : text]),
    ['rate', rateText(network)],
    ['dns', (nameServers ?? []).join(', ')],
  ];
}

/** The status of a jail with the addresses that it has, where it may have changed them itself. */
export function withAddresses(jail: JailStatus, network: JailNetwork | null): JailStatus {
  if (network === null || network.links.length === 0) return jail;
  const has = network.addresses.filter(({ global }) => global).map(({ address }) => address);
  const of = (given: readonly string[], isOfFamily: (address: string) => boolean): readonly string[] => [
    ...given.filter((address) => has.includes(address)),
    ...has.filter((address) => isOfFamily(address) && !given.includes(address)),
  ];
  return {
    ...jail,
    ip4: of(jail.ip4, (address) => !address.includes(':')),
    ip6: of(jail.ip6, (address) => address.includes(':')),
  };
}
