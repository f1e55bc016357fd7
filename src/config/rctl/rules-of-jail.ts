import { placeOfElement, type Checked } from '../check.js';
import type { Diagnostic } from '../diagnostic.js';
import type { FileAccess, RuleFiles } from '../jail.js';
import type { MergedJail } from '../merge/merge.js';
import type { JailParams } from '../params.js';
import { diagnose, type Place } from '../syntax/source.js';
import { MAX_DIAGNOSTICS, readRuleFile, type PlacedRule, type RuleFile } from './file.js';
import { impossibility } from './possible.js';
import { kindOf, type RctlRule } from './rule.js';

/** A file that was read, or why it could not be. */
type Read = RuleFile | { readonly unreadable: string };

/** Five rules for each of ten thousand jails. */
const MAX_CHARACTERS = 1 << 21;

/** The rules of one run of the compiler: those that stand in jails, in the standard file and in files that jails name. */
export class Rules implements RuleFiles {
  private readonly read = new Map<string, Read | null>();
  private readonly common: Read | null;
  /** Which jails have which file. */
  private readonly readers = new Map<string, Set<string>>();

  /** @param standard a file that counts for all jails, when it is there */
  constructor(
    private readonly access: FileAccess,
    private readonly standard: string | null,
  ) {
    this.common = standard === null ? null : this.readOnce(standard);
  }

  get files(): readonly string[] {
    return [...this.read].flatMap(([path, file]) => (file !== null && 'jails' in file ? [path] : []));
  }

  /** The jail with its rules from all files, each of which can be kept. */
  resolve(jail: MergedJail, checked: Checked): Checked {
    const { values } = checked;
    // Most jails have none, and there may be many jails.
    if (this.common === null && values.rctl === undefined && values['rctl.file'] === undefined)
      return checked;
    const diagnostics: Diagnostic[] = [];
    const own = this.ownRules(jail, values, diagnostics);
    const fromFiles = this.rulesFromFiles(jail, values, diagnostics);
    if (own.length + fromFiles.length + diagnostics.length === 0) return checked;
    const kinds = new Set(own.map(({ rule }) => kindOf(rule)));
    const counting = [...own, ...fromFiles.filter(({ rule }) => !kinds.has(kindOf(rule)))];
    for (const { rule, place } of counting) {
      const found = impossibility(rule, values);
      if (found === null) continue;
      const code = found.severity === 'error' ? 'bad-rule' : 'rule-without-effect';
      diagnostics.push(diagnose(found.severity, code, place, found.message, found.hint));
    }
    return {
      ...checked,
      values: { ...values, rctl: counting.map(({ rule }) => bare(rule)) },
      diagnostics: [...checked.diagnostics, ...diagnostics],
    };
  }

  private ownRules(
    jail: MergedJail,
    { rctl: rules = [] }: JailParams,
    diagnostics: Diagnostic[],
  ): readonly PlacedRule[] {
    const { name } = jail.block;
    return rules.map((rule, index) => {
      const place = placeOfElement(jail, 'rctl', index, rules.length);
      if (rule.jail !== undefined && rule.jail !== name) {
        const message = `a rule about jail "${rule.jail}" cannot stand in jail "${name}"`;
        diagnostics.push(diagnose('error', 'bad-rule', place, message, `write it there, or jail:${name}:…`));
      }
      return { rule, place };
    });
  }

  private rulesFromFiles(
    jail: MergedJail,
    { 'rctl.file': named = [] }: JailParams,
    diagnostics: Diagnostic[],
  ): readonly PlacedRule[] {
    const { name } = jail.block;
    const paths = this.standard === null ? named : [this.standard, ...named];
    return [...new Set(paths)].flatMap((path) => {
      const file = this.readOnce(path);
      if (file === null || 'unreadable' in file) {
        const place = placeOfElement(jail, 'rctl.file', named.indexOf(path), named.length);
        // Whether there is a standard file is nobody's mistake but the administrator's.
        if (path !== this.standard)
          diagnostics.push(diagnose('error', 'unreadable-file', place, notRead(path, file)));
        return [];
      }
      this.readers.get(path)?.add(name);
      const found = file.jails.get(name);
      diagnostics.push(...(found?.diagnostics ?? []));
      return found?.rules ?? [];
    });
  }

  private readOnce(path: string): Read | null {
    const known = this.read.get(path);
    if (known !== undefined) return known;
    const file = this.readFile(path);
    this.read.set(path, file);
    this.readers.set(path, new Set());
    return file;
  }

  /** @returns null for a file that is not there */
  private readFile(path: string): Read | null {
    try {
      const text = this.access.readFile(path);
      if (text.length > MAX_CHARACTERS) return { unreadable: `larger than ${MAX_CHARACTERS >> 20} MB` };
      return readRuleFile({ file: path, text });
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error)) throw error; // a bug, not an answer of the system
      if (error.code === 'ENOENT') return null;
      return { unreadable: /^[A-Z0-9]+: ([^,]+)/.exec(error.message)?.[1] ?? error.message };
    }
  }

  /** What is wrong with the files themselves, and which of their rules nobody has. For when all jails are resolved. */
  diagnostics(jails: readonly string[]): readonly Diagnostic[] {
    const known = new Set(jails);
    return [...this.read].flatMap(([path, file]): readonly Diagnostic[] => {
      if (file === null) return [];
      if (!('unreadable' in file)) return [...file.diagnostics, ...this.strangers(path, file, known)];
      if (path !== this.standard) return [];
      const message = notRead(path, file);
      return [{ code: 'unreadable-file', severity: 'error', span: null, message }];
    });
  }

  private strangers(path: string, { jails }: RuleFile, known: ReadonlySet<string>): readonly Diagnostic[] {
    const warn = (place: Place, message: string, hint: string): Diagnostic =>
      diagnose('warning', 'rule-without-effect', place, message, hint);
    const readers = this.readers.get(path);
    const unread = [...jails].filter(([name]) => readers?.has(name) !== true);
    return unread
      .slice(0, MAX_DIAGNOSTICS)
      .map(([name, { place }]) =>
        known.has(name)
          ? warn(place, `jail "${name}" does not read this file`, `write rctl.file = "${path}" in it`)
          : warn(place, `there is no jail "${name}"`, 'its rules wait for a jail of that name'),
      );
  }
}

function notRead(path: string, file: { readonly unreadable: string } | null): string {
  return `cannot read ${path}: ${file?.unreadable ?? 'no such file or directory'}`;
}

/** Without its name: the values of a jail do not depend on how a rule is spelt. */
function bare({ resource, action, amount, per }: RctlRule): RctlRule {
  return { resource, action, amount, per };
}
