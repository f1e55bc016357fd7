import type { Diagnostic, DiagnosticCode } from './diagnostic.js';

/** All mistakes in the order of the files, each told once: one in a global belongs to every jail. Other files come last. */
export function inFileOrder(
  diagnostics: readonly Diagnostic[],
  files: readonly string[],
): readonly Diagnostic[] {
  const fileIndex = new Map(files.map((file, index) => [file, index]));
  const rank = ({ span }: Diagnostic): readonly number[] =>
    span === null ? [-1, 0, 0] : [fileIndex.get(span.file) ?? files.length, span.line, span.column];
  return withoutRepetition(diagnostics)
    .map((d) => ({ d, rank: rank(d) }))
    .sort((a, b) => a.rank.reduce((order, n, i) => order || n - (b.rank[i] ?? 0), 0))
    .map(({ d }) => d);
}

const placeKey = ({ span }: Diagnostic): string =>
  span === null ? '' : `${span.file}:${span.line}:${span.column}`;

/** What may be wrong in every jail in another way where a global has it: "/j/$name". */
const ALIKE: readonly DiagnosticCode[] = ['bad-value', 'without-effect', 'freebsd-network'];

/** The first of those that are alike stands for all. */
function withoutRepetition(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const unique = new Map(diagnostics.map((d) => [`${placeKey(d)} ${d.code} ${d.message}`, d]));
  const groups = new Map<string, { first: Diagnostic; others: number }>();
  for (const [key, d] of unique) {
    const groupKey = ALIKE.includes(d.code) ? `${d.code} ${placeKey(d)}` : key;
    const group = groups.get(groupKey);
    if (group === undefined) groups.set(groupKey, { first: d, others: 0 });
    else group.others++;
  }
  return [...groups.values()].map(({ first, others }) =>
    others === 0 ? first : { ...first, message: `${first.message}, and ${others} more like it` },
  );
}
