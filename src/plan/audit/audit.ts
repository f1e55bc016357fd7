import { clocks, namespaces, network } from './apart.js';
import { kernelQuotas, memory, outOfMemory, processes, resourceLimits, shares } from './bounds.js';
import type { Expectation } from './expectation.js';
import { devices, kernelFiles, leaks, mounts, root } from './files.js';
import { gradeOf, type Finding, type Grade } from './finding.js';
import { jailer } from './jailer.js';
import { labels } from './labels.js';
import { landlock } from './landlock.js';
import type { Observation } from './observation.js';
import { capabilities, firstProcess, noNewPrivileges, systemCalls, users, type Judge } from './privileges.js';

/** THE LIST of walls, in the order in which they are shown. */
const walls: readonly Judge[] = [
  ...[users, capabilities, noNewPrivileges, systemCalls, firstProcess, jailer, landlock],
  ...[namespaces, clocks, network, labels],
  ...[root, mounts, kernelFiles, devices, leaks],
  ...[processes, memory, shares, kernelQuotas, resourceLimits, outOfMemory],
];

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
