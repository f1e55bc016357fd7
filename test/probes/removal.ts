/** Words that stand once in a file, and what comes in their place. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** One defence, or two that stand behind one another, how it is taken away, and what then has to fail: probes by name, tests as "FILE: TITLE". */
export interface Removal {
  readonly class: string;
  readonly what: string;
  readonly edits: readonly Edit[];
  readonly seenBy: readonly string[];
}

/** One edit. */
export const edit = (file: string, from: string, to: string): Edit => ({ file, from, to });

/** A removal of defences that stand behind one another. */
export const takeAll = (
  kind: string,
  what: string,
  edits: readonly Edit[],
  ...seenBy: readonly string[]
): Removal => ({ class: kind, what, edits, seenBy });

/** A removal of one defence by one edit. */
export const take = (
  kind: string,
  what: string,
  file: string,
  from: string,
  to: string,
  ...seenBy: readonly string[]
): Removal => takeAll(kind, what, [edit(file, from, to)], ...seenBy);

export const POLICY = 'etc/seccomp/default.policy';
/** A call that is refused by name, allowed. */
export const allow = (kind: string, call: string, probe: string): Removal =>
  take(kind, `the refusal of ${call}`, POLICY, `\nerrno EPERM ${call}\n`, `\nallow ${call}\n`, probe);
