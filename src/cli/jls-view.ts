import { findJlsParam, jlsParams, type JlsParam } from './jls-params.js';

/** What is to be shown. Later flags take earlier ones back, as in jls(8). */
export interface JlsView {
  readonly layout: 'default' | 'named' | 'verbose';
  /** -N: names in place of numbers. */
  readonly byName: boolean;
  /** -h, -n, -q, -s */
  readonly header: boolean;
  readonly pairs: boolean;
  readonly quoted: boolean;
  readonly settable: boolean;
  readonly params: readonly JlsParam[];
}

/** Wrong use, in jls's own words. */
export class JlsMistake extends Error {}

interface Flags {
  header: boolean;
  pairs: boolean;
  quoted: boolean;
  settable: boolean;
  verbose: boolean;
}

const effects: Readonly<Record<string, (flags: Flags) => Partial<Flags>>> = {
  h: () => ({ header: true, settable: false, verbose: false }),
  n: () => ({ pairs: true, verbose: false }),
  q: () => ({ quoted: true }),
  s: () => ({ pairs: true, quoted: true, settable: true, header: false, verbose: false }),
  v: () => ({ verbose: true, header: false, pairs: false, settable: false }),
};

/** The view that flags, in the order given, and parameters ask for. Throws JlsMistake for an unknown parameter. */
export function viewOf(letters: readonly string[], operands: readonly string[]): JlsView {
  let flags: Flags = { header: false, pairs: false, quoted: false, settable: false, verbose: false };
  for (const letter of letters) flags = { ...flags, ...effects[letter]?.(flags) };
  const all = operands.length === 0 && (flags.header || flags.pairs);
  const params = (all ? ['all'] : operands).flatMap((name) =>
    name === 'all' ? jlsParams : [paramNamed(name)],
  );
  const layout = params.length > 0 ? 'named' : flags.verbose ? 'verbose' : 'default';
  return { ...flags, layout, byName: letters.includes('N'), params: [...new Set(params)] };
}

function paramNamed(name: string): JlsParam {
  const param = findJlsParam(name);
  if (param === undefined) throw new JlsMistake(`jls: unknown parameter: ${name}`);
  return param;
}
