import { formatDiagnostic } from '../config/diagnostic.js';
import { isStartable } from '../config/jail.js';
import { Refusal } from '../control/failure.js';
import type { JailPlan, Step } from '../plan/step.js';
import { daemonCommand, fileOption } from './command.js';
import { done } from './context.js';
import { json, printable } from './render.js';
import { configurationFor, jailFromWords } from './run.js';

/** A value of a step on one line: text as it is when it is one word, everything else as JSON has it. */
function argument(value: unknown): string {
  return typeof value === 'string' && /^[^\s"]+$/.test(value) ? printable(value) : JSON.stringify(value);
}

/** A step on one line, without the records of a launch plan. */
export function stepLine(step: Step): string {
  if (step.name === 'jailer.spawn') return `${step.name} ${argument(step.args.rundir)}`;
  const args = Object.entries(step.args).map(([name, value]) => `${name}=${argument(value)}`);
  return [step.name, ...args].join(' ');
}

function stepLines(step: Step): readonly string[] {
  const records = step.name === 'jailer.spawn' ? step.args.records : [];
  return [`  ${stepLine(step)}`, ...records.map((record) => `      ${record.map(argument).join(' ')}`)];
}

const PHASES = [
  ['prepare', 'before the jail runs; undone backwards'],
  ['begin', 'the jail starts'],
  ['poststart', 'when it runs'],
  ['stop', 'when it is stopped'],
  ['poststop', 'when it has ended'],
  ['release', 'when nothing of it is left'],
] as const;

/** The plan as text: the phases of a jail's life, and the steps of each in order. */
function planText(plan: JailPlan): string {
  const phases = PHASES.filter(([name]) => plan[name].length > 0).map(([name, meaning]) =>
    [`${name}: ${meaning}`, ...plan[name].flatMap(stepLines)].join('\n'),
  );
  const limits = `timeouts: ${plan.startTimeout} s to start, ${plan.stopTimeout} s to stop`;
  return `${[...phases, limits, `log: ${plan.log ?? '-'}`].join('\n')}\n`;
}

export const plan = daemonCommand({
  name: 'plan',
  summary: 'Show what starting a jail would do, step by step, without doing it.',
  operands: 'NAME',
  count: [1, 1],
  completes: 'jail',
  options: {
    file: fileOption,
    json: { type: 'boolean', summary: 'The plan for programs.' },
  },
  needs: 'operator',
  run: async (context, { options, operands }) => {
    if (context.right !== 'root' && (operands.length > 1 || operands.some((word) => word.includes('='))))
      throw new Refusal(
        1,
        'plan: only root may have jaild plan with parameters of his own',
        'jailctl plan NAME',
      );
    const base = configurationFor(context, options.file);
    const jail = jailFromWords(operands, [], base, () => 'plan');
    for (const diagnostic of jail.diagnostics) context.err(`${formatDiagnostic(diagnostic)}\n`);
    if (!isStartable(jail)) throw new Refusal(2, `${jail.name}: no plan: its parameters are wrong`);
    const made = await context.operations.plan(jail);
    context.out(options.json ? json({ version: 1, jail: jail.name, plan: made }) : planText(made));
    return done;
  },
});
