import type { Host } from '../host/host.js';
import { auditJail, type Audit } from '../plan/audit/audit.js';
import { expectationOf, type Expectation } from '../plan/audit/expectation.js';
import type { Subject } from '../plan/audit/observation.js';
import { pause, type Clock } from './clock.js';
import { isUp } from './lifecycle.js';
import type { Roster } from './roster.js';

/** Milliseconds after which a jail that seems weak is looked at again. */
const SECOND_LOOK = 200;

/** The first processes of the jails that run, but for one. */
function neighbours(name: string, roster: Roster): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...roster.jails.values()].flatMap((jail) =>
      jail.jailer === null || jail.name === name || !isUp(jail.phase)
        ? []
        : [[jail.name, jail.jailer.initPid] as const],
    ),
  );
}

/**
 * Judges a running jail by what the kernel says of it, against the plan that it was started with. Null when it isn't
 * running. Rejects with SystemError when it ends meanwhile.
 */
export async function auditRunning(
  name: string,
  roster: Roster,
  host: Host,
  clock: Clock,
): Promise<Audit | null> {
  const jail = roster.jails.get(name);
  const { life = null } = jail ?? {};
  if (jail === undefined || !isUp(jail.phase) || !life?.plan || life.jailer === null) return null;
  const plan: Expectation = expectationOf(life.plan, life.jail.values);
  const subject: Subject = {
    init: life.jailer.initPid,
    command: life.commandPid,
    path: life.jail.values.path ?? '/',
    cgroups: life.plan.cgroups,
    controls: Object.keys(plan.controls),
    covered: [...plan.masked, ...plan.readOnly],
    devices: life.plan.prepare.find((step) => step.name === 'devices.limit')?.args ?? null,
    neighbours: neighbours(name, roster),
  };
  const first = auditJail(await host.observe(subject), plan);
  if (first.grade !== 'F') return first;
  // An exec is on its way in for a moment, with more than it will have.
  await pause(clock, SECOND_LOOK);
  return auditJail(await host.observe(subject), plan);
}
