export type Log = (level: 'info' | 'warn' | 'error', message: string) => void;

/** What may be said of one user, and of all, within a span; the rest is counted. */
const EACH = 10;
const ALL = 60;
const SPAN_MS = 60_000;
/** More users than these are not told apart. */
const MAX_USERS = 64;

interface Account {
  said: number;
  unsaid: number;
}

/**
 * Logs what clients do wrong, and who they are. It is clients that choose how much there is of it, so that each gets a few lines
 * a minute and a count of the others.
 */
export class Complaints {
  readonly #log: Log;
  readonly #accounts = new Map<string, Account>();
  #said = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Logs `message`, which is about something that a client of `uid` did, or counts it. */
  about(uid: number, message: string): void {
    const account = this.#accountOf(uid);
    // Time begins with the first of them.
    this.#timer ??= setTimeout(() => this.settle(), SPAN_MS).unref();
    if (account.said >= EACH || this.#said >= ALL) {
      account.unsaid++;
      return;
    }
    account.said++;
    this.#said++;
    this.#log('warn', message);
  }

  /** Ends the span: tells how many have not been told, and begins anew. */
  settle(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const [who, { unsaid }] of this.#accounts)
      if (unsaid > 0)
        this.#log('warn', `control: ${who}: ${unsaid} more such requests within ${SPAN_MS / 1000} s`);
    this.#accounts.clear();
    this.#said = 0;
  }

  #accountOf(uid: number): Account {
    const own = `uid ${uid}`;
    const who = this.#accounts.has(own) || this.#accounts.size < MAX_USERS ? own : 'other users';
    const account = this.#accounts.get(who) ?? { said: 0, unsaid: 0 };
    this.#accounts.set(who, account);
    return account;
  }
}
