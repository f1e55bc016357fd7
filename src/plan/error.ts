/** A jail that can't be planned on this host: what is wrong with which value, and what to do about it. */
export class PlanError extends Error {
  /** The parameter that asks for it. */
  readonly parameter: string;
  readonly subject: string;
  readonly hint: string | undefined;

  constructor(parameter: string, subject: string, reason: string, hint?: string) {
    super(`${parameter} ${subject}: ${reason}`);
    this.name = 'PlanError';
    this.parameter = parameter;
    this.subject = subject;
    this.hint = hint;
  }
}

/** A jail asks for what this host does not have. */
export function missingHere(jail: string, parameter: string, reason: string): PlanError {
  return new PlanError(parameter, jail, reason, `take "${parameter}" out, or use a host that has it`);
}
