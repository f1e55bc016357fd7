import type { Host, TrafficSubject } from '../host/host.js';
import { hasLink } from '../plan/network.js';
import type { JailPlan } from '../plan/step.js';
import type { SupervisedJail } from './jail.js';
import { isDown, shown } from './lifecycle.js';
import type { JailStats } from './operations.js';

/** What jails use and have used since they started. The links of all of them are asked about in one go. Throws SystemError. */
export function statsOf(jails: readonly SupervisedJail[], host: Host): readonly JailStats[] {
  const traffic = host.traffic(jails.flatMap(trafficSubject));
  return jails.map((jail) => {
    const { life, name } = jail;
    const isThere = life?.plan !== null && life?.plan !== undefined && !isDown(jail.phase);
    return {
      name,
      state: shown(jail.phase),
      startedAt: life?.startedAt ? new Date(life.startedAt.wall) : null,
      upMs: life?.startedAt ? life.upMs : null,
      accounting: isThere ? host.accounting(life.plan?.cgroups ?? []) : null,
      traffic: traffic.get(name) ?? null,
    };
  });
}

/** None for a jail that is down, or that shares the host's network. */
function trafficSubject(jail: SupervisedJail): readonly TrafficSubject[] {
  const { life, name } = jail;
  const place = life?.plan && !isDown(jail.phase) ? placeOf(life.plan) : null;
  return place === null ? [] : [{ jail: name, jailer: jail.jailer, place }];
}

/** Interfaces that were the host's have no other end there, and neither has a macvlan. */
function placeOf({ prepare }: JailPlan): TrafficSubject['place'] | null {
  const attach = prepare.find((step) => step.name === 'network.attach')?.args;
  const lent = prepare.find((step) => step.name === 'interfaces.lend')?.args.interfaces ?? [];
  if (attach === undefined) return null;
  const isInside = attach.attachment.kind === 'macvlan' || lent.length > 0;
  if (hasLink(attach) && !isInside) return { kind: 'host', link: attach.link };
  const links = [...(hasLink(attach) ? [attach.peer] : []), ...lent];
  return links.length > 0 ? { kind: 'inside', links } : { kind: 'nowhere' };
}
