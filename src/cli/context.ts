import type { Peer, Right } from '../control/access.js';
import type { Answer } from '../control/connection.js';
import type { TakeTerminal } from '../control/live.js';
import type { CalledAs } from '../control/request.js';
import type { Instance } from '../plan/instance.js';
import type { Operations } from '../supervise/operations.js';

/** What a command may know of the terminal that it answers to. */
export interface Terminal {
  /** Characters in a line, 0 when it is not known. */
  readonly columns: number;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** stdout is a terminal and nobody asked for no colour. */
  readonly colour: boolean;
  /** $TERM */
  readonly term: string;
}

/** All that a command works with: it has no other way to the world. */
export interface CommandContext {
  readonly calledAs: CalledAs;
  readonly words: readonly string[];
  readonly cwd: string;
  readonly terminal: Terminal;
  /** null in the client's own process. */
  readonly peer: Peer | null;
  readonly right: Right;
  readonly out: (text: string | Buffer) => void;
  readonly err: (text: string | Buffer) => void;
  /** Resolves when what was said has been taken, or nobody is there to take it. */
  readonly drained: () => Promise<void>;
  /** For commands that show how things go on. Null in the client's own process. */
  readonly takeTerminal: TakeTerminal | null;
  /** For commands that show how things go on: nobody waits for them to end. */
  readonly follows: () => void;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly instance: Instance;
  /** All metrics, as text for Prometheus; absent where there are none. */
  readonly metrics?: () => Promise<string>;
  /** The jails of the running jaild; null in the client's own process. */
  readonly operations: Operations | null;
}

/** The context of a command that runs inside jaild. */
export interface DaemonContext extends CommandContext {
  readonly operations: Operations;
}

export type CommandResult = Answer;

export const done: CommandResult = { exit: 0 };
