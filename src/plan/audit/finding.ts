/** How much an opened door gives away; a `note` says what no parameter has opened and does not count. */
const severities = ['note', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** A way through a wall that somebody has asked for. */
export interface Door {
  /** The parameter that opens it: "seccomp = off". */
  readonly by: string;
  readonly severity: Severity;
  /** What it costs, in plain words. */
  readonly cost: string;
}

/** What was found about one wall. */
export interface Finding {
  readonly wall: string;
  /** What the kernel says. */
  readonly seen: string;
  readonly doors: readonly Door[];
  /** What the plan asks for and is not so. */
  readonly weaker: readonly string[];
}

export type WallGrade = 'closed' | 'noted' | 'opened' | 'weak';

/** Whether a wall stands: `noted` is one that nobody opened and that could be higher, `weak` not what the plan asks for. */
export function wallGrade({ doors, weaker }: Pick<Finding, 'doors' | 'weaker'>): WallGrade {
  if (weaker.length > 0) return 'weak';
  if (doors.length === 0) return 'closed';
  return doors.every(({ severity }) => severity === 'note') ? 'noted' : 'opened';
}

/** A: no door is open. B to E: the worst of them is low, medium, high, critical. F: weaker than its plan. */
export type Grade = 'A' | 'B' | 'C' | 'D' | 'E' | 'F';
const letters: readonly Grade[] = ['A', 'B', 'C', 'D', 'E'];

/** The grade of a jail as a whole. */
export function gradeOf(findings: readonly Finding[]): Grade {
  if (findings.some((finding) => wallGrade(finding) === 'weak')) return 'F';
  const worst = findings.flatMap(({ doors }) => doors.map(({ severity }) => severities.indexOf(severity)));
  return letters[Math.max(0, ...worst)] ?? 'E';
}
