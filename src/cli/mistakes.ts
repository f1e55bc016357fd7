import type { Diagnostic } from '../config/diagnostic.js';
import { errorText } from '../control/failure.js';
import type { JailStatus } from '../supervise/operations.js';
import type { DaemonContext } from './context.js';
import type { Line } from './render.js';

/** So many mistakes of one jail are told of. */
const MOST = 3;

/** Behind a table of jails: that the files are wrong, which no jail of theirs may show. */
export function tellMistakes({ operations, err }: Pick<DaemonContext, 'operations' | 'err'>): void {
  const [first, ...more] = operations.mistakes;
  if (first === undefined) return;
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`;
  const what = `not as the files have it, which are wrong: ${briefly(first)}${others}`;
  err(errorText(what, 'jailctl check shows it, jailctl reload reads the files again'));
}

/** "FILE:LINE:COL: WHAT", and what to do about it. */
function briefly({ span, message, hint }: Diagnostic): string {
  const place = span === null ? '' : `${span.file}:${span.line}:${span.column}: `;
  return `${place}${message}${hint === undefined ? '' : ` (${hint})`}`;
}

/** Of one jail: what is wrong in its files, what that means for it, and the way out. */
export function mistakeLines({ name, state, mistakes, startable }: JailStatus): readonly Line[] {
  if (mistakes.length === 0) return [];
  const told = mistakes.slice(0, MOST).map(briefly);
  const rest = mistakes.length - told.length;
  const all = rest === 0 ? told : [...told, `and ${rest} more: jailctl check`];
  const isDown = state === 'stopped' || state === 'failed' || state === 'ended';
  const means = !isDown
    ? 'it goes on as it was started, also after a crash'
    : startable
      ? 'until then it starts as its file said before'
      : 'until then it is not started';
  const next = isDown ? `jailctl reload and jailctl start ${name}` : 'jailctl reload';
  return [
    ...all.map((text, index): Line => [index === 0 ? 'mistake' : '', text]),
    ['to mend', `its file, then ${next}; ${means}`],
  ];
}

/** The same for programs, as `jailctl config --json` has it. */
export function diagnosticAsJson({ span, severity, code, message, hint }: Diagnostic) {
  return {
    ...{ file: span?.file ?? null, line: span?.line ?? null, column: span?.column ?? null },
    ...{ severity, code, message, hint: hint ?? null },
  };
}
