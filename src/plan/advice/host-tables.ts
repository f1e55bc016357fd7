import ipaddr from 'ipaddr.js';
import type { Subnet } from '../../config/values/subnet.js';
import type { HostView } from '../host-view.js';

/** A network that the host has a route to, other than everything. */
export interface HostRoute extends Subnet {
  readonly link: string;
}

/** What a process of the host listens on. */
export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  /** "0.0.0.0" and "::" are all addresses. */
  readonly address: string;
  readonly port: number;
}

/** The lines of a table below /proc/net without its heading, in words. */
function rowsOf(host: HostView, file: string, heading: number): readonly (readonly string[])[] {
  const lines = host.text(`/proc/net/${file}`)?.trimEnd().split('\n') ?? [];
  return lines.slice(heading).map((line) => line.trim().split(/\s+/));
}

/** Four bytes as the kernel prints them: one number in the host's order, which is that of all machines Node runs on but s390x. */
const wordBytes = (hex: string): number[] => [...Buffer.from(hex, 'hex').reverse()];

function readAddress(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap(wordBytes);
  return bytes.length === 4 || bytes.length === 16 ? ipaddr.fromByteArray(bytes).toString() : hex;
}

const ONES = (bytes: readonly number[]): number =>
  bytes.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);

/** What the host routes somewhere (proc_net(5): route, ipv6_route), without defaults, its loopback and multicast. */
export function hostRoutes(host: HostView): readonly HostRoute[] {
  const four = rowsOf(host, 'route', 1).flatMap(([link = '', to = '', , , , , , mask = '']) => {
    const prefix = ONES(wordBytes(mask));
    return prefix === 0 ? [] : [{ address: readAddress(to), prefix, link }];
  });
  const six = rowsOf(host, 'ipv6_route', 0).flatMap((words) => {
    const [to = '', bits = ''] = words;
    const [prefix, link = ''] = [Number.parseInt(bits, 16), words.at(-1)];
    const bytes = [...Buffer.from(to, 'hex')];
    if (prefix === 0 || link === 'lo' || bytes.length !== 16 || /^(ff|fe[89ab])/.test(to)) return [];
    return [{ address: ipaddr.fromByteArray(bytes).toString(), prefix, link }];
  });
  return [...four, ...six];
}

/** States of include/net/tcp_states.h: TCP_LISTEN, and TCP_CLOSE of a UDP socket that is bound to nobody. */
const LISTENS = { tcp: '0A', udp: '07' } as const;

/** What listens on the host (proc_net(5): tcp, tcp6, udp, udp6). */
export function hostListeners(host: HostView): readonly Listener[] {
  return (['tcp', 'udp'] as const).flatMap((protocol) =>
    [protocol, `${protocol}6`].flatMap((file) =>
      rowsOf(host, file, 1).flatMap(([, local = '', , state]): readonly Listener[] => {
        const [address = '', port = ''] = local.split(':');
        if (state !== LISTENS[protocol]) return [];
        return [{ protocol, address: readAddress(address), port: Number.parseInt(port, 16) }];
      }),
    ),
  );
}
