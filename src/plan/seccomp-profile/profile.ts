import type { Place } from '../../config/syntax/source.js';

/** One argument's condition, in the words of a policy: `arg0 & 0x80 == 0`. */
export interface Condition {
  readonly argument: number;
  readonly text: string;
}

/** Where a rule holds: Docker's `includes` and `excludes`. */
export interface Circumstances {
  /** Capabilities by their short names ("sys_admin"). */
  readonly capabilities: readonly string[];
  /** "amd64", "arm64". */
  readonly architectures: readonly string[];
  /** Major and minor number. */
  readonly kernel: readonly [number, number] | null;
}

export interface ProfileRule {
  readonly names: readonly string[];
  /** In the words of a policy: "errno 38". */
  readonly action: string;
  readonly conditions: readonly Condition[];
  readonly includes: Circumstances;
  readonly excludes: Circumstances;
}

/** A seccomp profile of Docker's or of the OCI runtime specification (config-linux.md, "Seccomp"). */
export interface Profile {
  readonly defaultAction: string;
  /** By libseccomp's names ("x86_64"). */
  readonly architectures: readonly string[];
  /** Native architecture → those that are let in with it. */
  readonly architectureMap: ReadonlyMap<string, readonly string[]>;
  readonly rules: readonly ProfileRule[];
}

/** What is wrong in a profile, and where; a warning is about what is read past. */
export interface ProfileMistake {
  readonly severity: 'error' | 'warning';
  readonly place: Place;
  readonly message: string;
  readonly hint?: string;
}

export interface ParsedProfile {
  /** null when there is an error. */
  readonly profile: Profile | null;
  readonly mistakes: readonly ProfileMistake[];
}
