import { keyOf } from './merge/blocks.js';
import { elementPlace } from './culprit.js';
import type { Diagnostic, DiagnosticCode } from './diagnostic.js';
import type { Compiled, Jail } from './jail.js';
import { mergeJail, type MergedJail } from './merge/merge.js';
import type { ParamName } from './params.js';
import { diagnose, type Place } from './syntax/source.js';
import { stackBlocks, type Stack } from './merge/stacks.js';
import { substitute } from './merge/substitute.js';
import { inFileOrder } from './told.js';

/** What is wrong with a jail on a host, before anybody has looked up where it is written. */
export interface Finding {
  readonly jail: Jail;
  readonly severity: Diagnostic['severity'];
  readonly code: DiagnosticCode;
  /** The parameter that asks for it, or null for the jail itself. */
  readonly parameter: ParamName | null;
  /** Which of its strings, when it is one of several. */
  readonly element?: number;
  /** Where it is written in a file that is no jail.conf, such as one of fstab(5) lines. */
  readonly place?: Place;
  readonly message: string;
  readonly hint?: string;
}

/** What files say wrong, and what a host adds to it. */
export interface Verdict {
  /** All of it, in file order. */
  readonly diagnostics: readonly Diagnostic[];
  /** What belongs to a jail. */
  readonly of: (jail: Jail) => readonly Diagnostic[];
}

/** Jails that are named one by one where a parameter is wrong for all of them alike: a wildcard block's. */
const MAX_ALIKE = 3;

/** The mistakes in the files and the findings together, each at its place. */
export function judge(compiled: Compiled, findings: readonly Finding[]): Verdict {
  const groups = groupAlike(findings, new Places(compiled));
  let byJail: ReadonlyMap<Jail, readonly Diagnostic[]> | null = null;
  return {
    diagnostics: inFileOrder([...compiled.diagnostics, ...[...groups].flatMap(tellOnce)], compiled.files),
    of: (jail) => [...jail.diagnostics, ...((byJail ??= diagnosticsByJail(groups)).get(jail) ?? [])],
  };
}

function diagnosticsByJail(groups: readonly (readonly Placed[])[]): ReadonlyMap<Jail, readonly Diagnostic[]> {
  const byJail = new Map<Jail, Diagnostic[]>();
  for (const { finding, place } of groups.flat()) {
    const own = byJail.get(finding.jail) ?? [];
    if (own.length === 0) byJail.set(finding.jail, own);
    own.push(describe(finding, place));
  }
  return byJail;
}

interface Placed {
  readonly finding: Finding;
  readonly place: Place;
}

const describe = ({ severity, code, message, hint }: Finding, place: Place): Diagnostic =>
  diagnose(severity, code, place, message, hint);

/** Findings of one kind at one place: the first of them, and how many more there are. */
function tellOnce(alike: readonly Placed[]): readonly Diagnostic[] {
  const different = [...new Map(alike.map((one) => [one.finding.message, one])).values()];
  const shown = different.slice(0, MAX_ALIKE).map(({ finding, place }) => describe(finding, place));
  const [first, ...others] = different.slice(MAX_ALIKE);
  if (first === undefined) return shown;
  const names = [first, ...others.slice(0, MAX_ALIKE - 1)].map(({ finding }) => finding.jail.name);
  const rest = others.length >= MAX_ALIKE ? ', ...' : '';
  const message = `the same goes for ${others.length + 1} more: ${names.join(', ')}${rest}`;
  return [...shown, describe({ ...first.finding, message }, first.place)];
}

function groupAlike(findings: readonly Finding[], places: Places): readonly (readonly Placed[])[] {
  const groups = new Map<string, Placed[]>();
  for (const finding of findings) {
    const place = finding.place ?? places.of(finding);
    const key = `${finding.severity} ${finding.code} ${place.source.file} ${place.start}`;
    const group = groups.get(key) ?? [];
    if (group.length === 0) groups.set(key, group);
    group.push({ finding, place });
  }
  return [...groups.values()];
}

/** What is written of the jails of a configuration: merged once more, because hardly ever anybody has to know. */
export class JailsAsWritten {
  readonly #stacks: ReadonlyMap<Jail, Stack>;
  #last: { readonly jail: Jail; readonly merged: MergedJail } | null = null;

  constructor({ jails, blocks }: Compiled) {
    // compile() makes its jails of these, in their order.
    const { stacks } = stackBlocks(blocks);
    this.#stacks = new Map(jails.flatMap((jail, at) => (stacks[at] ? [[jail, stacks[at]]] : [])));
  }

  of(jail: Jail): MergedJail {
    if (this.#last?.jail === jail) return this.#last.merged;
    const stack = this.#stacks.get(jail);
    if (stack === undefined) throw new Error(`${jail.name} is not of this configuration`);
    const merged = mergeJail(stack);
    this.#last = { jail, merged };
    return merged;
  }
}

/** Where findings are written. */
class Places {
  #written: JailsAsWritten | null = null;

  constructor(private readonly compiled: Compiled) {}

  of({ jail, parameter, element = -1 }: Finding): Place {
    const merged = (this.#written ??= new JailsAsWritten(this.compiled)).of(jail);
    const key = parameter === null ? null : keyOf({ name: parameter, variable: false });
    const entry = merged.entries.find((one) => one.key === key);
    if (entry === undefined) return merged.block.place;
    // A list as a whole is where its name is, any other value where its word is.
    if (entry.words?.length === 1 || element < 0)
      return (entry.words?.length === 1 ? entry.words[0] : undefined) ?? entry;
    return elementPlace(entry, element, { ...merged, replaced: substitute(merged).replaced });
  }
}
