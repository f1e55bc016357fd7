import { namespaces, network } from './apart.js';
import { kernelQuotas, memory, outOfMemory, processes, resourceLimits, shares } from './bounds.js';
import type { Expectation } from './expectation.js';
import { devices, kernelFiles, leaks, mounts, root } from './files.js';
import { gradeOf, type Door, type Finding, type Grade } from './finding.js';
import { jailer } from './jailer.js';
import { landlock } from './landlock.js';
import type { Observation } from './observation.js';
import { capabilities, firstProcess, noNewPrivileges, systemCalls, users, type Judge } from './privileges.js';

/** THE LIST of walls, in the order in which they are shown. */
const walls: readonly Judge[] = [
  ...[users, capabilities, noNewPrivileges, systemCalls, firstProcess, jailer, landlock],
  ...[namespaces, network, labels],
  ...[root, mounts, kernelFiles, devices, leaks],
  ...[processes, memory, shares, kernelQuotas, resourceLimits, outOfMemory],
];

/** A mandatory access control of the host's: none of it is jaild's doing. */
function labels({ init: { label } }: Observation): Finding {
  const door: Door = {
    by: label === null ? 'no AppArmor or SELinux on this host' : 'the label is that of jaild',
    severity: 'note',
    cost: 'where another wall breaks, nothing stands behind it',
  };
  return { wall: 'labels', seen: label ?? 'none', doors: [door], weaker: [] };
}

/** What isolates a running jail. */
export interface Audit {
  readonly grade: Grade;
  readonly findings: readonly Finding[];
}

/** Judges a running jail by what the kernel says of it and what its plan asks for. Pure. */
export function auditJail(seen: Observation, plan: Expectation): Audit {
  const findings = walls.map((judge) => judge(seen, plan));
  return { grade: gradeOf(findings), findings };
}
