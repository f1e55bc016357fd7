import type { ReloadCause } from '../supervise/reload/causes.js';
import type { ReloadChange, ReloadResult } from '../supervise/operations.js';
import { diagnosticAsJson } from './mistakes.js';
import { printable } from './render.js';

/** What a reload does to a jail, or would do, in one line; nothing for a change that failed. */
export function reloadLine(change: ReloadChange, dryRun = false): string {
  if (change.failure !== undefined) return '';
  return `${printable(change.jail)} ${wordsOf(change, dryRun)}`;
}

function wordsOf(one: ReloadChange, dryRun: boolean): string {
  const names = (causes: readonly Pick<ReloadCause, 'parameter'>[]): string =>
    causes.map(({ parameter }) => printable(parameter)).join(', ');
  const all = names(one.causes);
  switch (one.change) {
    case 'new':
      return (dryRun ? 'is new' : 'added') + renamedWords(one);
    case 'removed':
      return goneWords(one, dryRun);
    case 'restart': {
      const why = names(one.causes.filter(({ restart }) => restart !== null));
      return `${dryRun ? 'would be restarted' : 'restarted'} for ${why}`;
    }
    case 'live':
      if (!one.runs) return `${dryRun ? 'would start' : 'will start'} with other values: ${all}`;
      return `${dryRun ? 'would change' : 'changed'}: ${all}`;
  }
}

const renamedWords = ({ renamed }: ReloadChange): string =>
  renamed === undefined ? '' : `; it says what ${printable(renamed)} said`;

/** Nothing is stopped because a name is gone: what to do is said. */
function goneWords({ jail, runs, renamed }: ReloadChange, dryRun: boolean): string {
  const gone = 'is in no file any more';
  if (!runs) return dryRun ? `${gone}: it would be forgotten` : `${gone}: it is forgotten`;
  const stays = `${gone}; ${dryRun ? 'it would go on' : 'it goes on'} until "jailctl stop ${printable(jail)}"`;
  return renamed === undefined ? stays : `${stays}, then "jailctl start ${printable(renamed)}"`;
}

/** Longer values are cut: they are there to be recognized. */
const MAX_VALUE = 40;

/** Each parameter on a line of its own: what it was and will be, where that is written, and what it takes. */
export function causeLines({ causes, runs }: ReloadChange): readonly string[] {
  const rows = causes.map(({ parameter, before, after, at, restart }) => [
    printable(parameter),
    `${short(before)} -> ${short(after)}`,
    at === null ? '' : `${printable(at.file)}:${at.line}:${at.column}`,
    !runs ? '' : restart === null ? 'live' : `restart: ${restart}`,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
}

function short(value: string | null): string {
  if (value === null) return 'not set';
  const text = printable(value);
  if (text === '') return '""';
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE - 3)}...` : text;
}

/** The whole answer for programs. */
export function reloadReply({ ok, changes, diagnostics }: ReloadResult, dryRun: boolean) {
  return {
    version: 1,
    ok,
    dry_run: dryRun,
    changes: changes.map((one) => ({
      jail: one.jail,
      change: one.change,
      runs: one.runs,
      renamed: one.renamed ?? null,
      causes: one.causes.map(causeAsJson),
      failure: one.failure === undefined ? null : { hint: null, ...one.failure },
    })),
    diagnostics: diagnostics.map(diagnosticAsJson),
  };
}

function causeAsJson({ parameter, before, after, at, restart }: ReloadCause) {
  const place = { file: at?.file ?? null, line: at?.line ?? null, column: at?.column ?? null };
  return { parameter, before, after, ...place, live: restart === null, why: restart };
}
