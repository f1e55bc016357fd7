import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { SystemError } from './error.js';

/*
 * What the kernel must be told beside links and routes, so that it passes packets on for one interface and leaves all
 * others as they are. Documentation/networking/ip-sysctl.rst. Nothing of it is taken back for the interfaces of the
 * host: nobody can know who else has come to rely on it. A jail's own link takes its settings along when it goes.
 */

const NET = '/proc/sys/net';

/** Whether this host has IPv6 at all. */
export const hasIp6 = (): boolean => existsSync(`${NET}/ipv6`);

/** Sets a sysctl below net, given as a path. Throws SystemError. */
function set(name: string, value: string): void {
  sysctl(name, (path) => writeFileSync(path, value));
}

/** The same unless it is so already: an interface of the host forgets routes and neighbours when it is told anew. */
function change(name: string, value: string): void {
  if (get(name) !== value) set(name, value);
}

const get = (name: string): string => sysctl(name, (path) => readFileSync(path, 'utf8').trim());

function sysctl<T>(name: string, use: (path: string) => T): T {
  const path = `${NET}/${name}`;
  try {
    return use(path);
  } catch (error) {
    throw new SystemError('sysctl', -((error as NodeJS.ErrnoException).errno ?? 0), path); // node:fs throws nothing else
  }
}

/** Makes an interface of the host answer ARP for others at once and pass packets on. Throws SystemError. */
export function announceIp4(name: string): void {
  change(`ipv4/conf/${name}/forwarding`, '1');
  change(`ipv4/neigh/${name}/proxy_delay`, '0'); // else each answer waits for up to 0.8 s
}

/** The same for neighbour solicitations; the host goes on learning its own routes there. Throws SystemError. */
export function announceIp6(name: string): void {
  keepRouterAdvertisements(name);
  change(`ipv6/conf/${name}/forwarding`, '1'); // without it proxy_ndp means nothing
  change(`ipv6/conf/${name}/proxy_ndp`, '1');
  change(`ipv6/neigh/${name}/proxy_delay`, '0');
  if (canForceForwarding(name)) change(`ipv6/conf/${name}/force_forwarding`, '1');
}

/** Makes the host pass IPv6 packets on for a jail's link, and believe nothing it says about routes. Returns warnings. */
export function routeIp6(link: string): readonly string[] {
  set(`ipv6/conf/${link}/accept_ra`, '0');
  set(`ipv6/conf/${link}/accept_redirects`, '0');
  if (canForceForwarding(link)) {
    set(`ipv6/conf/${link}/force_forwarding`, '1');
    return [];
  }
  if (get('ipv6/conf/all/forwarding') === '1') return [];
  readdirSync(`${NET}/ipv6/conf`).forEach(keepRouterAdvertisements);
  set('ipv6/conf/all/forwarding', '1');
  return [
    'net.ipv6.conf.all.forwarding is now 1: before Linux 6.17 IPv6 is forwarded for the whole host or not at all',
  ];
}

/** Keeps IPv6 off a jail's link whose jail has no IPv6 address: no router advertisement can come from there. */
export function withoutIp6(link: string): readonly string[] {
  if (hasIp6()) set(`ipv6/conf/${link}/disable_ipv6`, '1');
  return [];
}

/** Linux 6.17. */
const canForceForwarding = (name: string): boolean => existsSync(`${NET}/ipv6/conf/${name}/force_forwarding`);

/** A forwarding interface ignores router advertisements unless told otherwise: one that heeds them shall go on to. */
function keepRouterAdvertisements(name: string): void {
  const path = `ipv6/conf/${name}/accept_ra`;
  if (get(path) === '1') set(path, '2');
}
