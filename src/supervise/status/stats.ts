import type { Host, TrafficSubject } from '../../host/host.js';
import { hasLink } from '../../plan/network.js';
import type { JailPlan } from '../../plan/step.js';
import type { SupervisedJail } from '../jail.js';
import { isDown, shown } from '../lifecycle.js';
import type { Comparison, JailStats } from '../operations.js';
import { limitsOf } from './status.js';

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
      restarts: jail.history.restarts,
      limits: limitsOf(life?.jail ?? jail.definition),
      accounting: isThere ? host.accounting(life.plan?.cgroups ?? []) : null,
      traffic: traffic.get(name) ?? null,
    };
  });
}

/** One figure of each jail that is there and for which the host keeps it. Throws SystemError. */
export function compared(
  jails: readonly SupervisedJail[],
  by: Comparison,
  host: Host,
): ReadonlyMap<string, number> {
  if (by === 'network') {
    const traffic = host.traffic(jails.flatMap(trafficSubject));
    return new Map([...traffic].map(([name, all]) => [name, all.receivedBytes + all.sentBytes]));
  }
  const figures = jails.map(({ name, life, phase }) => {
    const cgroups = isDown(phase) ? null : life?.plan?.cgroups;
    return [name, cgroups ? host.figure(cgroups, by) : null] as const;
  });
  return new Map(figures.filter((found): found is [string, number] => found[1] !== null));
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
