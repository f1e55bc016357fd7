import { capabilitiesOf, grantedBy, jailCapabilities } from '../capabilities.js';
import { capabilityCost } from './capability-costs.js';
import type { Expectation } from './expectation.js';
import type { Door, Finding } from './finding.js';
import type { IdRange, Observation, ObservedProcess } from './observation.js';

/** Judges one wall of a running jail: what is seen against what is planned. */
export type Judge = (seen: Observation, plan: Expectation) => Finding;

/** A process in words. */
export const who = ({ role, pid }: ObservedProcess): string =>
  role === 'init' ? 'process 1' : `${role === 'command' ? 'the command' : 'a process'} (pid ${pid})`;

const overlap = (a: IdRange, b: IdRange): boolean =>
  a.outside < b.outside + b.count && b.outside < a.outside + a.count;

const sameRange = (a: IdRange | undefined, b: IdRange): boolean =>
  a?.inside === b.inside && a.outside === b.outside && a.count === b.count;

/** Whether ids of the host are those of the jail. */
const isMapped = (id: number, map: readonly IdRange[]): boolean =>
  map.some(({ outside, count }) => id >= outside && id < outside + count);

export const ownsUsers = ({ namespaces: { user } }: Observation): boolean =>
  user !== undefined && user.jail !== user.host;

function userDoors({ values }: Expectation, seen: Observation, shared: readonly string[]): readonly Door[] {
  if (!ownsUsers(seen))
    return [
      {
        by: 'userns = off',
        severity: 'high',
        cost: 'root in the jail is root of the host: one hole in any other wall and the host is taken',
      },
    ];
  if (typeof values.userns !== 'object') return [];
  const given = `userns = ${values.userns.base}:${values.userns.count}`;
  const cost =
    shared.length > 0
      ? `it has the ids of ${shared.join(', ')}: their files and processes are its own`
      : 'jaild does not see to it that nobody else has these ids';
  return [{ by: given, severity: shared.length > 0 ? 'medium' : 'low', cost }];
}

/** Who its users are on the host. */
export const users: Judge = (seen, plan) => {
  const shared = Object.entries(seen.neighbours)
    // Those of a neighbour without a user namespace are the host's.
    .filter(([, maps]) => maps.every(({ outside }) => outside > 0))
    .filter(([, maps]) => maps.some((theirs) => seen.uidMap.some((own) => overlap(own, theirs))))
    .map(([name]) => name);
  const { uidMap } = plan;
  const weaker: string[] = [];
  if (uidMap !== null) {
    if (!ownsUsers(seen)) weaker.push('it has no user namespace of its own');
    for (const [kind, map] of [['user', seen.uidMap] as const, ['group', seen.gidMap] as const])
      if (map.length !== 1 || !sameRange(map[0], uidMap))
        weaker.push(`its ${kind} ids are not the ${uidMap.count} from ${uidMap.outside} on`);
    for (const process of seen.processes)
      if ([...process.uids, ...process.gids, ...process.groups].some((id) => !isMapped(id, [uidMap])))
        weaker.push(`${who(process)} has an id of the host's`);
    if (shared.length > 0 && typeof plan.values.userns !== 'object')
      weaker.push(`it shares ids with ${shared.join(', ')}`);
  }
  const [first] = seen.uidMap;
  const own = `${first?.count ?? 0} ids of its own, from ${first?.outside ?? 0} on`;
  return {
    wall: 'users',
    seen: ownsUsers(seen) ? own : "the host's users",
    doors: uidMap !== null && weaker.length > 0 ? [] : userDoors(plan, seen, shared),
    weaker,
  };
};

const commands = (seen: Observation): readonly ObservedProcess[] =>
  seen.processes.filter(({ role }) => role !== 'init');

const bit = (capability: number): bigint => 1n << BigInt(capability);
/** What it takes to start commands as their user, to reap and to signal them: kill, setgid, setuid, setpcap. */
const STARTING = bit(5) | bit(6) | bit(7) | bit(8);
const SYS_ADMIN = bit(21);

function allowed({ role }: ObservedProcess, plan: Expectation): bigint {
  if (role !== 'init') return plan.capabilities;
  // Without no_new_privs only sys_admin can load a filter (seccomp(2)), where process 1 does so for each command.
  const loads = !plan.noNewPrivs && plan.filters > plan.initFilters;
  return plan.capabilities | STARTING | (loads ? SYS_ADMIN : 0n);
}

/** What its root may do. */
export const capabilities: Judge = (seen, plan) => {
  const weaker = seen.processes.flatMap((process) => {
    const { inheritable, ambient, permitted, effective, bounding } = process.capabilities;
    const extra = capabilitiesOf((permitted | effective | bounding) & ~allowed(process, plan));
    return [
      ...(extra.length > 0 ? [`${who(process)} has ${extra.join(', ')} beside those planned`] : []),
      ...((inheritable | ambient) === 0n ? [] : [`${who(process)} hands capabilities to what it runs`]),
    ];
  });
  const usual = jailCapabilities({});
  const all = commands(seen).reduce((mask, process) => mask | process.capabilities.bounding, 0n);
  const names = capabilitiesOf(all);
  const granted = capabilitiesOf(all & plan.capabilities).filter((name) => !usual.includes(name));
  const doors = granted.map((name): Door => ({
    by: `${grantedBy(plan.values, name)}: ${name}`,
    ...capabilityCost(name, ownsUsers(seen)),
  }));
  return { wall: 'capabilities', seen: names.length === 0 ? 'none' : names.join(' '), doors, weaker };
};

/** Whether set-user-ID programs gain anything. */
export const noNewPrivileges: Judge = (seen, plan) => {
  const without = seen.processes.filter((process) => !process.noNewPrivs);
  const door: Door = {
    by: 'no_new_privs = false',
    severity: 'low',
    cost: 'set-user-ID programs of the jail give their power to its users',
  };
  return {
    wall: 'no new privileges',
    seen: without.length === 0 ? 'set' : 'not set',
    doors: plan.noNewPrivs ? [] : [door],
    weaker: plan.noNewPrivs ? without.map((process) => `${who(process)} runs without it`) : [],
  };
};

function policyDoors({ values }: Expectation): readonly Door[] {
  const { seccomp = 'default' } = values;
  const doors: Door[] = [];
  if (seccomp === 'off')
    doors.push({
      by: 'seccomp = off',
      severity: 'high',
      cost: 'every system call of the kernel is open, those with a history of holes too',
    });
  else if (seccomp !== 'default')
    doors.push({
      by: `seccomp = ${seccomp}`,
      severity: 'medium',
      cost: 'a policy of its own: it is as good as who wrote it',
    });
  if (values['allow.read_msgbuf'] === true && seccomp !== 'off')
    doors.push({
      by: 'allow.read_msgbuf',
      severity: 'low',
      cost: "the kernel's messages tell of the host, where kernel.dmesg_restrict lets them",
    });
  return doors;
}

const filtersOf = ({ seccomp, filters }: ObservedProcess): number => (seccomp === 2 ? filters : 0);

/** Which system calls it has. */
export const systemCalls: Judge = (seen, plan) => {
  const own = commands(seen);
  const weaker = seen.processes.flatMap((process) => {
    const planned = process.role === 'init' ? plan.initFilters : plan.filters;
    const has = filtersOf(process);
    return has >= planned
      ? []
      : [`${who(process)} has ${has === 0 ? 'no' : has} filters instead of ${planned}`];
  });
  const least = Math.min(...own.map(filtersOf));
  const filters = own.length === 0 ? 'nobody runs in it' : least === 0 ? 'no filter' : 'filtered (seccomp)';
  return { wall: 'system calls', seen: filters, doors: policyDoors(plan), weaker };
};

/** The first process: jaild's own program, out of reach of the jail. */
export const firstProcess: Judge = ({ init, processes }, plan) => {
  const weaker: string[] = [];
  if (!init.program.startsWith('/memfd:'))
    weaker.push(`process 1 is ${init.program}, not jaild's own program`);
  if (init.isDumpable) weaker.push('others may look into its memory');
  const filters = Math.max(...processes.filter(({ role }) => role === 'init').map(filtersOf));
  const filter = filters >= plan.filters ? '' : ', without the filter of its commands';
  return { wall: 'process 1', seen: `a program of jaild's, closed to the jail${filter}`, doors: [], weaker };
};
