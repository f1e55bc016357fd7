import type { Diagnostic } from '../diagnostic.js';
import { diagnose, type Place, type Source } from '../syntax/source.js';
import { readRule, type Misread, type RctlRule } from './rule.js';

/** A rule, and where it stands. */
export interface PlacedRule {
  readonly rule: RctlRule;
  readonly place: Place;
}

/** What a file has for one jail. */
export interface JailRules {
  readonly rules: readonly PlacedRule[];
  /** Rules for it that are none. */
  readonly diagnostics: readonly Diagnostic[];
  /** The name, where the file has it first. */
  readonly place: Place;
}

/** What a file in the syntax of rctl.conf(5) says. */
export interface RuleFile {
  readonly jails: ReadonlyMap<string, JailRules>;
  /** What does not belong to any jail. */
  readonly diagnostics: readonly Diagnostic[];
}

const LINE = /^([ \t]*)([^\s#]\S*)(.*)$/gm;

/** As many of a file, and of each jail in it, are told. */
export const MAX_DIAGNOSTICS = 50;

/** Reads a file of rules: one at the beginning of each line; comments begin with "#". rctl.conf(5), rc.d/rctl. */
export function readRuleFile(source: Source): RuleFile {
  const reader = new FileReader(source);
  for (const { index, 1: blanks = '', 2: rule = '', 3: rest = '' } of source.text.matchAll(LINE))
    reader.line(index + blanks.length, rule, rest);
  return reader;
}

class FileReader implements RuleFile {
  readonly jails = new Map<string, { rules: PlacedRule[]; diagnostics: Diagnostic[]; place: Place }>();
  readonly diagnostics: Diagnostic[] = [];

  constructor(private readonly source: Source) {}

  line(start: number, text: string, rest: string): void {
    const end = start + text.length;
    const comment = rest.trim();
    if (comment !== '' && !comment.startsWith('#'))
      this.warn(this.place(end + rest.search(/\S/), end + rest.trimEnd().length), TWO_ON_A_LINE);
    const owner = /^(?:jail|j):([^:=]+):/i.exec(text)?.[1];
    const reading = readRule(text);
    if (!reading.ok) return this.misread(reading, start, owner);
    const { subject, rule } = reading.value;
    if (subject !== 'jail')
      this.warn(this.place(start, end), `a rule about a ${subject} has no effect here`, ONLY_JAILS);
    else if (owner === undefined)
      this.tell(
        this.diagnostics,
        this.place(start, end),
        'the rule does not say for whom it is',
        `write jail:NAME:${text}`,
      );
    else this.jail(owner, start).rules.push({ rule, place: this.place(start, end) });
  }

  private misread(reading: Misread, start: number, owner: string | undefined): void {
    const list = owner === undefined ? this.diagnostics : this.jail(owner, start).diagnostics;
    this.tell(list, this.place(start + reading.start, start + reading.end), reading.message, reading.hint);
  }

  private jail(name: string, start: number) {
    const known = this.jails.get(name) ?? { rules: [], diagnostics: [], place: this.nameAt(name, start) };
    this.jails.set(name, known);
    return known;
  }

  /** The name stands behind the first colon. */
  private nameAt(name: string, start: number): Place {
    const at = this.source.text.indexOf(':', start) + 1;
    return this.place(at, at + name.length);
  }

  private place(start: number, end: number): Place {
    return { source: this.source, start, end };
  }

  private tell(list: Diagnostic[], place: Place, message: string, hint?: string): void {
    if (list.length < MAX_DIAGNOSTICS) list.push(diagnose('error', 'bad-rule', place, message, hint));
  }

  private warn(place: Place, message: string, hint?: string): void {
    if (this.diagnostics.length < MAX_DIAGNOSTICS)
      this.diagnostics.push(diagnose('warning', 'rule-without-effect', place, message, hint));
  }
}

const TWO_ON_A_LINE = 'what follows the rule is not read';
const ONLY_JAILS = 'jaild limits jails: write jail:NAME:…';
