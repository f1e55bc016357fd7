import { readdirSync } from 'node:fs';
import { hasSysctl, readSysctl, WHOLE_HOST, writeSysctl } from './sysctl.js';
import type { NeededSysctl } from './sysctl-ledger.js';

/*
 * What the kernel must be told beside links and routes, so that it passes packets on for one interface and leaves all
 * others as they are. Documentation/networking/ip-sysctl.rst. What the interfaces of the host are told is lent
 * (sysctl-ledger.ts); a link of jaild's own takes its settings along when it goes.
 */

/** Whether this host has IPv6 at all. */
export const hasIp6 = (): boolean => hasSysctl('ipv6');

/** Makes an interface of the host answer ARP for others at once and pass packets on. */
export function announceIp4(name: string): readonly NeededSysctl[] {
  return [
    ...forwardIp4(name),
    { name: `ipv4/neigh/${name}/proxy_delay`, value: '0' }, // else each answer waits for up to 0.8 s
  ];
}

/** The same for neighbour solicitations; the host goes on learning its own routes there. */
export function announceIp6(name: string): readonly NeededSysctl[] {
  return [
    keepRouterAdvertisements(name),
    { name: `ipv6/conf/${name}/forwarding`, value: '1' }, // without it proxy_ndp means nothing
    { name: `ipv6/conf/${name}/proxy_ndp`, value: '1' },
    { name: `ipv6/neigh/${name}/proxy_delay`, value: '0' },
    ...forwardIp6(name),
  ];
}

/** Makes the host pass on what comes in at an interface. */
export function forwardIp4(name: string): readonly NeededSysctl[] {
  return [{ name: `ipv4/conf/${name}/forwarding`, value: '1' }];
}

/** Linux 6.17 can be told for one interface; before, IPv6 is forwarded for the whole host or not at all. */
export function forwardIp6(name: string): readonly NeededSysctl[] {
  const own = `ipv6/conf/${name}/force_forwarding`;
  return hasSysctl(own) ? [{ name: own, value: '1' }] : forwardAllIp6();
}

/** For the whole host. Those interfaces that forward by themselves go on to when the others no longer do. */
function forwardAllIp6(): readonly NeededSysctl[] {
  const interfaces = readdirSync('/proc/sys/net/ipv6/conf').filter((name) => name !== 'all');
  const forwards = interfaces
    .map((name) => `ipv6/conf/${name}/forwarding`)
    .filter((name) => readSysctl(name) === '1');
  return [...interfaces.map(keepRouterAdvertisements), { name: WHOLE_HOST, value: '1', spares: forwards }];
}

/** Makes the host believe nothing that a link of jaild's says about routes. Throws SystemError. */
export function distrustIp6(link: string): void {
  writeSysctl(`ipv6/conf/${link}/disable_ipv6`, '0');
  writeSysctl(`ipv6/conf/${link}/accept_ra`, '0');
  writeSysctl(`ipv6/conf/${link}/accept_redirects`, '0');
}

/** Keeps IPv6 off a link of jaild's on which there is none. Throws SystemError. */
export function withoutIp6(link: string): void {
  if (hasIp6()) writeSysctl(`ipv6/conf/${link}/disable_ipv6`, '1');
}

/** Makes the host pass on IPv6 that comes in on a link of jaild's own, where the link can be told. Throws SystemError. */
export function forwardIp6Here(link: string): void {
  const own = `ipv6/conf/${link}/force_forwarding`;
  if (hasSysctl(own)) writeSysctl(own, '1');
}

/** What the whole host must be told for a link of jaild's own that forwardIp6Here() can't tell it. */
export function forwardIp6Elsewhere(link: string): readonly NeededSysctl[] {
  return hasSysctl(`ipv6/conf/${link}/force_forwarding`) ? [] : forwardAllIp6();
}

/** A forwarding interface ignores router advertisements unless told otherwise: one that heeds them shall go on to. */
function keepRouterAdvertisements(name: string): NeededSysctl {
  return { name: `ipv6/conf/${name}/accept_ra`, value: '2', insteadOf: '1' };
}
