import { known } from './known.js';
import { runProbes } from './run.js';
import { score, type Finding } from './probe.js';

const GOAL_PERCENT = 99;
const names = { 8: 'critical', 4: 'high', 2: 'medium', 1: 'low' } as const;

const row = ({ weight, way, class: kind, name, seen }: Finding): string =>
  [
    names[weight].padEnd(8),
    way.padEnd(8),
    kind.padEnd(15),
    name.padEnd(28),
    known[name] === undefined ? seen?.replaceAll('\n', ' ') : `known: ${known[name]}`,
  ].join('  ');

/*
 * usage: node dist/test/probes/report.js [NAME...], or npm run probes
 * Every attempt that was not held off, worst first, and the score by weight. Exits with 1 for a critical or high failure,
 * or a score below the goal.
 */
const findings = await runProbes(process.argv.slice(2));
const failures = findings.filter(({ seen }) => seen !== null).sort((a, b) => b.weight - a.weight);
for (const failure of failures) console.log(row(failure));
const percent = score(findings);
console.log(`${findings.length} probes, ${failures.length} failed, ${percent.toFixed(1)} % by weight`);
process.exitCode = failures.some(({ weight }) => weight >= 4) || percent < GOAL_PERCENT ? 1 : 0;
