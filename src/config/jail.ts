import type { Block } from './merge/blocks.js';
import type { Checked } from './check.js';
import type { Diagnostic, Span } from './diagnostic.js';
import type { MergedJail } from './merge/merge.js';
import type { JailParams } from './params.js';

/** A jail as its files describe it. */
export interface Jail {
  readonly name: string;
  /** FreeBSD's jail(8) would skip it: a parameter redefined, a variable not found or looping. */
  readonly failed: boolean;
  readonly diagnostics: readonly Diagnostic[];
  /** What `jail -e` lists: each in its last spelling, in the order of first mention; null is no value. */
  readonly params: ReadonlyMap<string, readonly string[] | null>;
  /** Typed values; what was not set is absent. */
  readonly values: JailParams;
  /** Where each parameter's value was set last, by the name in the table. */
  readonly origin: ReadonlyMap<string, Span>;
  /** Where its block begins; absent where it is from no file. */
  readonly block?: Span;
}

/** The longest name that sethostname(2) and setdomainname(2) take, in bytes. */
export const MAX_HOST_NAME = 64;

/** The host name inside: the one that is written, else as much of the jail's name as fits. */
export function hostnameOf({ name, values }: Pick<Jail, 'name' | 'values'>): string {
  return (
    values['host.hostname'] ??
    Buffer.from(values.name ?? name)
      .subarray(0, MAX_HOST_NAME)
      .toString()
      .replace(/\ufffd$/, '')
  );
}

/** Everything that a set of files says. */
export interface Compiled {
  /** The syntax is fine, so the jails may be used. */
  readonly ok: boolean;
  /** The mistakes for which it is not. */
  readonly broken: readonly Diagnostic[];
  /** All of them, those of syntax and those of jails, in file order. */
  readonly diagnostics: readonly Diagnostic[];
  readonly jails: readonly Jail[];
  /** Every file that was read. */
  readonly files: readonly string[];
  /** What the blocks said before they were merged: compileWords builds upon it. */
  readonly blocks: readonly Block[];
  /** The rctl rules of files, for jails that are made of words. */
  readonly rules: RuleFiles;
}

/** Files in the syntax of rctl.conf(5). */
export interface RuleFiles {
  /** The values of a jail with the rules that files have for it. */
  readonly resolve: (jail: MergedJail, checked: Checked) => Checked;
}

/** What the compiler needs of a file system. */
export interface FileAccess {
  /** The bytes of a file as latin1 or UTF-8 text. @throws NodeJS.ErrnoException */
  readonly readFile: (path: string) => string;
  /** Paths that match a pattern, sorted; relative patterns start in the directory. */
  readonly glob: (pattern: string, directory: string) => readonly string[];
}

/** The same with the mistakes in syntax on every jail: one anywhere means that no jail is touched (jail(8)). */
export function withholdBroken(compiled: Compiled): Compiled {
  if (compiled.ok) return compiled;
  const { broken } = compiled;
  const jails = compiled.jails.map((jail) => ({ ...jail, diagnostics: [...broken, ...jail.diagnostics] }));
  return { ...compiled, jails };
}

/** Whether a jail can be started: nothing that belongs to it is wrong. */
export function isStartable(jail: Jail): boolean {
  return !jail.failed && jail.diagnostics.every((d) => d.severity !== 'error');
}
