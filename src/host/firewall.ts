import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { clashOf } from '../plan/firewall-clash.js';
import { loopbackLinks } from '../plan/firewall-hairpin.js';
import { rulesetOf, tableName } from '../plan/firewall-ruleset.js';
import type { Instance } from '../plan/instance.js';
import type { FirewallArgs } from '../plan/step.js';
import { SystemError } from './error.js';
import { FirewallTable, type Nftables } from './firewall-table.js';
import { Loopback } from './loopback.js';

/** What each jail has, by its name. */
type Shares = ReadonlyMap<string, FirewallArgs>;

/** What is asked for one jail; null: nothing any more. No jail: everything anew. */
interface Change {
  readonly jail: string | null;
  readonly args: FirewallArgs | null;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * The packet filter of one instance: one table of nftables, which is there while a jail has something in it. Changes
 * that come while one is written are written together.
 */
export class Firewall {
  readonly #instance: Instance;
  readonly #marker: string;
  readonly #loopback: Loopback;
  readonly #table: FirewallTable;
  #shares: Shares = new Map();
  #waiting: Change[] = [];
  #isWriting = false;
  /** A table is there that an earlier jaild wrote: until it is known whose jails run on, none of it is taken away. */
  #isHeld: boolean;
  /** Whose share was taken away before that. */
  readonly #gone = new Set<string>();
  /** What is being written for jails whose links are yet to be made. */
  readonly #begun = new Map<string, { readonly args: FirewallArgs; readonly written: Promise<void> }>();

  constructor(instance: Instance, nft?: Nftables) {
    this.#instance = instance;
    this.#marker = `${instance.runDirectory}/firewall.json`;
    this.#isHeld = existsSync(this.#marker);
    this.#loopback = new Loopback(this.#marker);
    this.#table = new FirewallTable(tableName(instance), nft);
  }

  /**
   * Gives a jail what it asks for, in place of what it had; connections go on. Rejects with SystemError (EADDRINUSE: another
   * jail has the port; ENOENT: no nft(8)) or StepFailure with the words of nft(8): all is then as it was.
   */
  set(args: FirewallArgs): Promise<void> {
    const begun = this.#begun.get(args.jail);
    this.#begun.delete(args.jail);
    if (begun?.args !== args) return this.#change(args.jail, args);
    return begun.written.then(() => this.#open(args));
  }

  /** Begins what set() with the same will be asked for and then waits for, before the jail has its link. */
  begin(args: FirewallArgs): void {
    const written = this.#change(args.jail, args);
    written.catch(() => undefined); // set() tells
    this.#begun.set(args.jail, { args, written });
  }

  /** Takes away what a jail has; that it has nothing is fine. Rejects as set() does. */
  remove(jail: string): Promise<void> {
    this.#begun.delete(jail);
    const isAsked = this.#waiting.some((one) => one.jail === jail);
    if (this.#isHeld) {
      this.#gone.add(jail);
      if (isAsked) this.#change(jail, null).catch(() => undefined); // it comes when what it takes away does
      return Promise.resolve();
    }
    const isKnown = this.#shares.has(jail) || isAsked;
    return isKnown || this.#isWriting ? this.#change(jail, null) : Promise.resolve();
  }

  /**
   * Puts in force what the jails have that run on from an earlier jaild, in place of all that it left. Rejects as set() does.
   * @param wasThere some jail had something in it, whatever became of the file that says so
   */
  async restore(all: readonly FirewallArgs[], wasThere = false): Promise<void> {
    this.#shares = new Map(all.filter(({ jail }) => !this.#gone.has(jail)).map((args) => [args.jail, args]));
    const isNeeded = this.#isHeld || wasThere || this.#shares.size > 0;
    this.#isHeld = false;
    if (isNeeded) await this.#change(null, null);
  }

  /** Writes the table anew, for whoever has flushed it. Does nothing when there is none. Rejects as set() does. */
  renew(): Promise<void> {
    return existsSync(this.#marker) || this.#shares.size > 0 ? this.#change(null, null) : Promise.resolve();
  }

  #change(jail: string | null, args: FirewallArgs | null): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ jail, args, done, failed });
      void this.#work();
    });
  }

  async #work(): Promise<void> {
    if (this.#isWriting || this.#isHeld) return;
    this.#isWriting = true;
    while (this.#waiting.length > 0) await this.#writeTogether(this.#waiting.splice(0));
    this.#isWriting = false;
  }

  /** One that nft(8) refuses does not keep the others: they are then written one by one. */
  async #writeTogether(changes: readonly Change[]): Promise<void> {
    const fitting = changes.filter((change) => this.#fits(change, changes));
    if (fitting.length === 0) return;
    try {
      const failures = await this.#write(changed(this.#shares, fitting));
      for (const change of fitting) this.#tell(change, failures);
    } catch (error) {
      const [only, ...more] = fitting;
      if (more.length > 0) for (const change of fitting) await this.#writeTogether([change]);
      else if (only !== undefined) this.#fail(only, error);
    }
  }

  /** Whether no other jail has a port that it asks for, be it that it asks for it now. */
  #fits({ args, failed }: Change, changes: readonly Change[]): boolean {
    if (args === null) return true;
    const before = changes.slice(
      0,
      changes.findIndex((one) => one.args === args),
    );
    const clash = clashOf(args, changed(this.#shares, before).values());
    if (clash === null) return true;
    const hint = clash.jail === args.jail ? 'it is written twice' : `${clash.jail} has it: take another one`;
    failed(new SystemError('rdr', constants.errno.EADDRINUSE, clash.port, hint));
    return false;
  }

  /** Its rules are in force, but they are of no use where what belongs to them could not be done. */
  #tell({ args, done, failed }: Change, failures: ReadonlyMap<string, unknown>): void {
    if (args === null || !failures.has(args.link)) return done();
    this.#change(args.jail, null).catch(() => undefined); // the failure before it says more
    failed(failures.get(args.link));
  }

  /** When its rules were written there was no link yet that could be opened. Throws what that fails with. */
  #open(args: FirewallArgs): void {
    const failures = this.#loopback.open(loopbackLinks([args]));
    if (!failures.has(args.link)) return;
    this.#change(args.jail, null).catch(() => undefined); // the failure before it says more
    throw failures.get(args.link);
  }

  /** Whatever became of it, a jail that is over has no share in what is written next. */
  #fail({ jail, args, failed }: Change, error: unknown): void {
    if (jail !== null && args === null) this.#shares = changed(this.#shares, [{ jail, args }]);
    failed(error);
  }

  /** Returns links on which the host's loopback addresses could not be opened or closed, with why. */
  async #write(shares: Shares): Promise<ReadonlyMap<string, unknown>> {
    const all = [...shares.values()];
    if (all.length === 0) return this.#takeAway();
    const wanted = loopbackLinks(all);
    const isFirst = !existsSync(this.#marker);
    // The guard is there before what it guards is open, and as long as that is.
    const reconsider = this.#loopback.intend(wanted);
    try {
      await this.#table.write(rulesetOf(this.#instance, all, this.#loopback.noted));
    } catch (error) {
      if (isFirst) this.#loopback.forget();
      else reconsider();
      throw error;
    }
    this.#shares = shares;
    return this.#loopback.settle(wanted);
  }

  async #takeAway(): Promise<ReadonlyMap<string, unknown>> {
    // Before the guard goes.
    const failures = existsSync(this.#marker) ? this.#loopback.settle({ ip4: [], ip6: [] }) : new Map();
    await this.#table.remove();
    this.#loopback.forget();
    this.#shares = new Map();
    return failures;
  }
}

function changed(shares: Shares, changes: readonly Pick<Change, 'jail' | 'args'>[]): Shares {
  const after = new Map(shares);
  for (const { jail, args } of changes) {
    if (args !== null) after.set(args.jail, args);
    else if (jail !== null) after.delete(jail);
  }
  return after;
}
