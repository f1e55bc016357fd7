import { hostnameOf, type Jail } from '../config/jail.js';
import type { HostFacts, Neighbour } from '../plan/facts.js';
import type { SupervisedJail } from './jail.js';

/** What another jail is told of a running one. */
function neighbourOf({ name, life }: SupervisedJail): Neighbour | null {
  const plan = life?.plan ?? null;
  if (life === null || plan === null) return null;
  const addresses = plan.prepare.flatMap((step) =>
    step.name === 'network.attach' ? [...step.args.ip4, ...step.args.ip6].map(({ address }) => address) : [],
  );
  return { name, hostname: hostnameOf(life.jail), addresses };
}

/** The jails that a jail depends on, for one that asks for their names (`hosts = depend`): by what they have now. */
export function neighbourFacts(
  { values }: Jail,
  jails: ReadonlyMap<string, SupervisedJail>,
): Pick<HostFacts, 'neighbours'> {
  if (values.hosts !== 'depend') return {};
  const others = (values.depend ?? []).map((name) => jails.get(name));
  return {
    neighbours: others.flatMap((other) => {
      const neighbour = other === undefined ? null : neighbourOf(other);
      return neighbour === null ? [] : [neighbour];
    }),
  };
}
