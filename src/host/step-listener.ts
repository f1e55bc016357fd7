/** What the steps tell beside their success. */
export interface StepListener {
  /** Something survived that an administrator should know of. */
  readonly warn: (message: string) => void;
  /** A line that a hook printed. */
  readonly hookOutput: (jail: string, phase: string, line: string) => void;
}
