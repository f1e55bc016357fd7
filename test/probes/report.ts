import { runProbes } from './run.js';
import { score, type Finding } from './probe.js';

const GOAL_PERCENT = 99;
const names = { 8: 'critical', 4: 'high', 2: 'medium', 1: 'low' } as const;

/*
 * npm run probes: every attempt that did not fail as it should, worst first, and the score by weight.
 * Exits with 1 for a critical or high failure or a score below the goal.
 */
const findings = await runProbes();
const failures = findings.filter(({ seen }) => seen !== null).sort((a, b) => b.weight - a.weight);
const row = ({ weight, way, class: kind, name, seen }: Finding): string =>
  `${names[weight].padEnd(9)} ${way.padEnd(5)} ${kind.padEnd(18)} ${name.padEnd(28)} ${seen ?? ''}`;
for (const failure of failures) console.log(row(failure));
const percent = score(findings);
console.log(`${findings.length} probes, ${failures.length} failed, ${percent.toFixed(1)} % by weight`);
process.exitCode = failures.some(({ weight }) => weight >= 4) || percent < GOAL_PERCENT ? 1 : 0;
