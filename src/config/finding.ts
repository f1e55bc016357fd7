import { placeOf } from './check.js';
import { inFileOrder } from './compile.js';
import type { Diagnostic, DiagnosticCode } from './diagnostic.js';
import type { Compiled, Jail } from './jail.js';
import { mergeJails, type MergedJail } from './merge.js';
import { keyOf } from './blocks.js';
import type { ParamName } from './params.js';
import { diagnose, type Place } from './source.js';

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
  const byJail = new Map<Jail, Diagnostic[]>();
  const told = [...groupAlike(findings, new Places(compiled)).values()].flatMap((alike) => {
    for (const { finding, place } of alike) {
      const own = byJail.get(finding.jail) ?? [];
      if (own.length === 0) byJail.set(finding.jail, own);
      own.push(describe(finding, place));
    }
    return tellOnce(alike);
  });
  return {
    diagnostics: inFileOrder([...compiled.diagnostics, ...told], compiled.files),
    of: (jail) => [...jail.diagnostics, ...(byJail.get(jail) ?? [])],
  };
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

function groupAlike(findings: readonly Finding[], places: Places): ReadonlyMap<string, readonly Placed[]> {
  const groups = new Map<string, Placed[]>();
  for (const finding of findings) {
    const place = finding.place ?? places.of(finding);
    const key = `${finding.severity} ${finding.code} ${place.source.file} ${place.start}`;
    const group = groups.get(key) ?? [];
    if (group.length === 0) groups.set(key, group);
    group.push({ finding, place });
  }
  return groups;
}

/** Where the parameters of jails are written. Merges them once more, because hardly ever anybody has to know. */
class Places {
  #merged: ReadonlyMap<Jail, MergedJail> | null = null;

  constructor(private readonly compiled: Compiled) {}

  of({ jail, parameter, element }: Finding): Place {
    this.#merged ??= mergedBy(this.compiled);
    const merged = this.#merged.get(jail);
    if (merged === undefined) throw new Error(`${jail.name} is not of this configuration`);
    if (parameter === null) return merged.block.place;
    const entry = merged.entries.get(keyOf({ name: parameter, variable: false }));
    const words = entry?.words ?? [];
    if (words.length === 1 && words[0] !== undefined) return words[0];
    // A variable may stand for several elements, and then nobody knows whose place is whose.
    const isAligned = jail.params.get(entry?.name ?? '')?.length === words.length;
    const word = element === undefined || !isAligned ? undefined : words[element];
    return word ?? placeOf(merged, parameter);
  }
}

/** Each jail with what its blocks say: compile() made one jail of each merged one, in their order. */
export function mergedBy(compiled: Compiled): ReadonlyMap<Jail, MergedJail> {
  const { jails } = mergeJails(compiled.blocks);
  return new Map(compiled.jails.flatMap((jail, index) => (jails[index] ? [[jail, jails[index]]] : [])));
}
