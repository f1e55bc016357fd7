import { errorText, Refusal } from '../control/failure.js';
import type { Audit } from '../plan/audit/audit.js';
import { wallGrade, type Finding, type Grade, type WallGrade } from '../plan/audit/finding.js';
import type { JailStatus } from '../supervise/operations.js';
import { daemonCommand } from './command.js';
import type { DaemonContext } from './context.js';
import { sortNames } from './jails.js';
import { json, paint, printable, table, type Cell, type Colour } from './render.js';

const gradeColours: Readonly<Record<Grade, Colour>> = {
  ...{ A: 'green', B: 'green', C: 'yellow' },
  ...{ D: 'red', E: 'red', F: 'red' },
};
const wallColours: Readonly<Record<WallGrade, Colour>> = {
  ...{ closed: 'green', noted: 'green' },
  ...{ opened: 'yellow', weak: 'red' },
};

const meanings: Readonly<Record<Grade, string>> = {
  A: 'no door is open',
  B: 'doors are open that cost little',
  C: 'doors are open that cost something',
  D: 'doors are open that cost much',
  E: 'doors are open that cost everything',
  F: 'weaker than its plan',
};

interface Audited {
  readonly name: string;
  readonly pid: number | null;
  readonly audit: Audit;
}

/** What has been opened, each once; weakened walls first. */
function doorsOf({ findings }: Audit): string {
  const weak = findings.filter((finding) => wallGrade(finding) === 'weak').map(({ wall }) => `WEAK ${wall}`);
  const doors = findings.flatMap((finding) =>
    finding.doors.filter(({ severity }) => severity !== 'note').map(({ by }) => by),
  );
  return [...new Set([...weak, ...doors])].join(', ');
}

function overview(audited: readonly Audited[], { terminal }: DaemonContext): string {
  const rows = audited.map(({ name, audit }): readonly (Cell | string)[] => [
    name,
    { text: audit.grade, colour: gradeColours[audit.grade] },
    doorsOf(audit),
  ]);
  return table(['NAME', 'GRADE', 'OPENED BY'], rows, terminal);
}

const INDENT = ' '.repeat(8);

function wallLines(finding: Finding, width: number, { terminal }: DaemonContext): readonly string[] {
  const grade = wallGrade(finding);
  const doors = finding.doors.map(({ by, severity, cost }) =>
    severity === 'note' ? `${by}: ${cost}` : `by ${by} (${severity}): ${cost}`,
  );
  const weaker = finding.weaker.map((text) => `weaker than planned: ${text}`);
  const word = paint(terminal, wallColours[grade], grade.padEnd(INDENT.length));
  return [
    `${word}${finding.wall.padEnd(width)}  ${printable(finding.seen)}`,
    ...[...weaker, ...doors].map((text) => `${INDENT}${' '.repeat(width)}  ${printable(text)}`),
  ];
}

/** One jail: its grade, then a line for each wall, and below it what is open or weak. */
function report({ name, pid, audit }: Audited, context: DaemonContext): string {
  const width = Math.max(...audit.findings.map(({ wall }) => wall.length));
  const grade = paint(context.terminal, gradeColours[audit.grade], audit.grade);
  const head = `${name}: ${grade}, ${meanings[audit.grade]} (pid ${pid ?? '-'})`;
  return [head, ...audit.findings.flatMap((finding) => wallLines(finding, width, context)), ''].join('\n');
}

function asJson({ name, pid, audit }: Audited) {
  const walls = audit.findings.map((finding) => ({ grade: wallGrade(finding), ...finding }));
  return { name, pid, grade: audit.grade, weaker: audit.grade === 'F', walls };
}

const isRunning = ({ state }: JailStatus): boolean => state === 'running' || state === 'paused';

/** The audits of jails, one after the other. One that isn't running is refused when it was named, else left out. */
async function auditAll(
  jails: readonly JailStatus[],
  { operations }: DaemonContext,
): Promise<{ readonly audited: readonly Audited[]; readonly refused: readonly Refusal[] }> {
  const audited: Audited[] = [];
  const refused: Refusal[] = [];
  for (const { name, pid } of jails) {
    const audit = await operations.audit(name);
    if (audit === null)
      refused.push(new Refusal(1, `${name}: not running`, 'what isolates a jail is seen when it runs'));
    else audited.push({ name, pid, audit });
  }
  return { audited, refused };
}

export const audit = daemonCommand({
  name: 'audit',
  summary: 'Show what isolates running jails, as the kernel has it; with names, each wall of theirs.',
  description:
    'What is shown is read from /proc and the cgroups, and is not what the plan says. A wall is closed, noted (it ' +
    'could be higher), opened by a parameter, with what that costs, or weak: not what the jail was planned with. Grade A: no door is open; B to E: ' +
    'the worst of them is low, medium, high, critical; F: weaker than its plan, which gives exit status 1.',
  operands: '[NAME...]',
  completes: 'jail',
  options: { json: { type: 'boolean', summary: 'Every finding, for programs.' } },
  needs: 'operator',
  run: async (context, { options, operands }) => {
    const { known, unknown } = sortNames(operands, context.operations);
    const every = operands.length === 0;
    const jails = every
      ? context.operations.status().filter(isRunning)
      : known.flatMap((name) => context.operations.status([name]));
    const { audited, refused } = await auditAll(jails, context);
    if (options.json) context.out(json({ version: 1, audits: audited.map(asJson) }));
    else if (every) context.out(overview(audited, context));
    else context.out(audited.map((one) => report(one, context)).join('\n'));
    const refusals = [...unknown, ...(every ? [] : refused)];
    for (const { message, hint } of refusals) context.err(errorText(message, hint));
    if (unknown.length > 0) return { exit: 4 };
    return { exit: refusals.length > 0 || audited.some((one) => one.audit.grade === 'F') ? 1 : 0 };
  },
});
