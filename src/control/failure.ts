import { visibleMessage } from '../config/visible.js';
import { errnoWords, StepFailure, SystemError } from '../host/error.js';
import { PlanError } from '../plan/error.js';

/** A request that is refused or fails for a reason that the one who asked can understand. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** Exit code of the client: 1 failed, 2 wrong use, 3 jaild not reachable, 4 no such jail. */
  readonly code: number;
  readonly hint: string | undefined;

  constructor(code: number, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** What a client is told about something thrown: text for stderr, and its exit code. */
export interface Failure {
  readonly text: string;
  readonly code: number;
  /** Not foreseen: a bug, which belongs in the log with its stack. */
  readonly bug: boolean;
}

/** Nobody reads more of one error; words of a client may be a megabyte. */
const MAX_CHARACTERS = 4096;

function readable(text: string): string {
  return visibleMessage(text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text);
}

/** "error: WHAT" and "hint: WHAT TO DO" as lines, harmless to a terminal whoever has written the words in it. */
export function errorText(message: string, hint?: string): string {
  const error = `error: ${readable(message)}\n`;
  return hint === undefined ? error : `${error}hint: ${readable(hint)}\n`;
}

/** Turns anything thrown while a command ran into words and an exit code. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof Refusal)
    return { text: errorText(error.message, error.hint), code: error.code, bug: false };
  if (error instanceof SystemError || error instanceof StepFailure || error instanceof PlanError)
    return { text: errorText(error.message, error.hint), code: 1, bug: false };
  if (isErrno(error)) {
    const words = [error.syscall ?? 'failed', error.path].filter((word) => word !== undefined).join(' ');
    return { text: errorText(`${words}: ${errnoWords(-error.errno)}`), code: 1, bug: false };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    text: errorText(`a mistake in jaild itself: ${message}`, 'jaild has logged where'),
    code: 1,
    bug: true,
  };
}

/** A failure that Node's own file functions report. */
function isErrno(error: unknown): error is NodeJS.ErrnoException & { readonly errno: number } {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number';
}
