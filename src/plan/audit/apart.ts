import type { Expectation } from './expectation.js';
import type { Door, Finding } from './finding.js';
import type { Observation } from './observation.js';
import type { Judge } from './privileges.js';

/** Kinds of namespaces as /proc/PID/ns names them, and as the plan does; users and the network have walls of their own. */
const kinds = [
  ['mnt', 'mount'],
  ['pid', 'pid'],
  ['ipc', 'ipc'],
  ['uts', 'uts'],
  ['cgroup', 'cgroup'],
  ['time', 'time'],
] as const;

/** What each costs when it is the host's. */
const costs: Readonly<Record<string, Omit<Door, 'by'>>> = {
  mount: { severity: 'critical', cost: 'its mounts are those of the host' },
  pid: { severity: 'high', cost: 'it sees the processes of the host, and its root may end them' },
  ipc: { severity: 'medium', cost: 'it shares memory and queues with the host' },
  uts: { severity: 'low', cost: "its host name is the host's own" },
  cgroup: { severity: 'low', cost: 'it sees where the host keeps its cgroups' },
  time: { severity: 'note', cost: "its clocks are the host's: it sees for how long that has been up" },
};

/** Which parameter leaves a namespace with the host. */
const openers: Readonly<Record<string, string>> = {
  ipc: 'sysvmsg, sysvsem or sysvshm = inherit',
  uts: 'host = inherit',
  time: 'a kernel without time namespaces',
};

const isOwn = ({ namespaces }: Observation, kind: string): boolean =>
  namespaces[kind] !== undefined && namespaces[kind].jail !== namespaces[kind].host;

/** What it sees of the system beside files: processes, IPC, names, clocks. */
export const namespaces = (seen: Observation, plan: Expectation): Finding => {
  const shared = kinds.filter(([kind]) => !isOwn(seen, kind)).map(([, name]) => name);
  const planned = shared.filter((name) => plan.namespaces.includes(name));
  const open = shared.filter((name) => !plan.namespaces.includes(name));
  return {
    wall: 'namespaces',
    seen: `its own: ${kinds
      .filter(([kind]) => isOwn(seen, kind))
      .map(([, name]) => name)
      .join(' ')}`,
    doors: open.map((name) => ({
      by: openers[name] ?? 'the plan',
      ...(costs[name] ?? { severity: 'low', cost: "it is the host's" }),
    })),
    weaker: planned.map((name) => `it has the ${name} namespace of the host`),
  };
};

/** What its clocks tell. A clock of its own began some time ago, so that only whether it is shifted can be compared. */
export const clocks: Judge = (seen, plan) => {
  const asked = plan.values['time.offset'];
  const isPlanned = plan.namespaces.includes('time');
  const isKept = (clock: string, seconds: number): boolean =>
    asked !== undefined && Object.entries(asked).some(([own, shift]) => own === clock && shift !== 'own')
      ? seen.clocks[clock] === seconds
      : (seen.clocks[clock] ?? 0) !== 0;
  const door: Door = {
    by: 'time.offset',
    severity: 'low',
    cost: 'it sees for how long the host has been up',
  };
  const shown = Object.values(asked ?? {}).some((shift) => shift !== 'own');
  return {
    wall: 'clocks',
    seen: Object.values(seen.clocks).some((shift) => shift !== 0) ? 'shifted' : "the host's",
    doors: shown ? [door] : [],
    weaker: Object.entries(isPlanned ? plan.clocks : {})
      .filter(([clock, seconds]) => !isKept(clock, seconds))
      .map(([clock]) => `the ${clock} clock is not shifted as planned`),
  };
};

/** The parameter that gives a jail the network of the host. */
export function sharesNetworkBy({ values }: Expectation): string {
  const name = (['vnet', 'ip4', 'ip6'] as const).find((one) => values[one] === 'inherit') ?? 'ip4';
  return `${name} = inherit`;
}

function hostNetworkDoor(plan: Expectation): Door {
  return {
    by: sharesNetworkBy(plan),
    severity: 'high',
    cost: "it has the host's addresses and reaches what listens on its loopback",
  };
}

function forwardDoors({ values: { rdr = [] } }: Expectation): readonly Door[] {
  const cost = 'whoever is let in by them reaches the jail by ports of the host';
  return rdr.length === 0 ? [] : [{ by: 'rdr', severity: 'low', cost }];
}

/** What it reaches over the network. */
export const network: Judge = (seen, plan) => {
  const own = isOwn(seen, 'net');
  const isPlanned = plan.namespaces.includes('net');
  const lent = plan.values['vnet.interface'] ?? [];
  // Whoever may make links has some that no plan knows.
  const makesLinks = (seen.processes[0]?.capabilities.bounding ?? 0n) & (1n << 12n);
  const strange = makesLinks === 0n ? seen.links.filter((link) => !plan.links.includes(link)) : [];
  const doors = lent.map((link): Door => ({
    by: `vnet.interface: ${link}`,
    severity: 'medium',
    cost: 'it speaks on that link as the host would: nothing of the host filters it',
  }));
  return {
    wall: 'network',
    seen: own ? `its own, with ${seen.links.join(' ')}` : "the host's",
    doors: own || isPlanned ? [...doors, ...forwardDoors(plan)] : [hostNetworkDoor(plan)],
    weaker: [
      ...(isPlanned && !own ? ['it has the network of the host'] : []),
      ...(own ? strange.map((link) => `it has a link that the plan does not give it: ${link}`) : []),
    ],
  };
};
