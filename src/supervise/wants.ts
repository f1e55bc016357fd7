import { mkdirSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { systemError } from '../host/files.js';
import type { Clock } from './clock.js';
import type { Log } from './log.js';
import { isMissing, moveAside } from './records.js';
import { pastMoment, type Timed } from './schedule/schedule.js';

export type Want = 'up' | 'down';

interface Entry {
  readonly want?: Want;
  /** Wall clock, milliseconds: when the want was last expressed. */
  readonly at?: number;
  /** The schedule, and since when it is this one. */
  readonly schedule?: string;
  readonly scheduleAt?: number;
  /** The times of the schedule that were dealt with last. */
  readonly handled?: Readonly<Partial<Record<Timed, number>>>;
}

const RETRY = 5000;

/**
 * What is wanted of each jail; outlives jaild and the boot. Changes count at once and are on the disk when the promise
 * resolves: changes of the same moment share one write, and a full disk is tried again until it takes them.
 */
export class Wants {
  private readonly entries: Map<string, Entry>;
  private writing: Promise<void> | null = null;
  private again: Promise<void> | null = null;
  private retrying = false;
  /** Why the disk did not take them the last time; null: it did. */
  private refusal: string | null = null;
  private readonly file: string;

  constructor(
    directory: string,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.file = join(directory, 'wants.json');
    this.entries = new Map(Object.entries(readWants(this.file, log)));
  }

  /** What was asked last; undefined when nobody ever asked. */
  get(name: string): Want | undefined {
    return this.entries.get(name)?.want;
  }

  /** When it was asked, in milliseconds of the wall clock. */
  askedAt(name: string): number {
    return this.entries.get(name)?.at ?? 0;
  }

  /** Resolves with null, or why a later jaild will not know of it. */
  async set(name: string, want: Want): Promise<string | null> {
    const entry = this.entries.get(name);
    this.entries.set(name, { ...entry, want, at: this.clock.now() });
    // When it was asked matters to a schedule alone.
    if (entry?.want !== want || entry.schedule !== undefined) await this.save();
    return this.refusal;
  }

  /** Since when the jail has this schedule; a changed one begins now, so that it never acts for a time before it. */
  scheduleSince(name: string, schedule: string): number {
    this.mend(name);
    const entry = this.entries.get(name);
    if (entry?.schedule === schedule && entry.scheduleAt !== undefined) return entry.scheduleAt;
    const scheduleAt = this.clock.now();
    this.entries.set(name, { ...entry, schedule, scheduleAt });
    void this.save();
    return scheduleAt;
  }

  /** The jail has no schedule: one that it is given later is new, even if it is as the one before. */
  dropSchedule(name: string): void {
    const entry = this.entries.get(name);
    if (entry?.schedule === undefined) return;
    const { want, at } = entry;
    this.entries.set(name, { ...(want !== undefined && { want }), ...(at !== undefined && { at }) });
    void this.save();
  }

  /** The time that was dealt with last; 0 when none was. */
  handled(name: string, what: Timed): number {
    return this.entries.get(name)?.handled?.[what] ?? 0;
  }

  /** A time has been dealt with: it does not come again, not with a later jaild either. */
  noteHandled(name: string, what: Timed, slot: number): void {
    const entry = this.entries.get(name);
    this.entries.set(name, { ...entry, handled: { ...entry?.handled, [what]: slot } });
    void this.save();
  }

  /** Of a clock that has been set back since, nothing keeps a schedule waiting until it has come as far again. */
  private mend(name: string): void {
    const entry = this.entries.get(name);
    if (entry === undefined) return;
    const whole = mended(entry, this.clock.now());
    if (isDeepStrictEqual(whole, entry)) return;
    this.entries.set(name, whole);
    void this.save();
  }

  /** Resolves as set() does. */
  async forget(name: string): Promise<string | null> {
    if (this.entries.delete(name)) await this.save();
    return this.refusal;
  }

  /** Resolves when all that was set is on the disk, or was tried to be. */
  save(): Promise<void> {
    if (this.writing === null) {
      this.writing = this.write().finally(() => (this.writing = null));
      return this.writing;
    }
    // What is being written may miss this change: one more write follows, for all that come meanwhile.
    this.again ??= this.writing.then(() => {
      this.again = null;
      return this.save();
    });
    return this.again;
  }

  private async write(): Promise<void> {
    try {
      // The text is made after this turn of the event loop, so that changes made together are written together.
      await Promise.resolve();
      mkdirSync(dirname(this.file), { recursive: true, mode: 0o755 });
      const fresh = await open(`${this.file}.new`, 'w', 0o600);
      try {
        await fresh.writeFile(
          JSON.stringify({ schema: 1, jails: Object.fromEntries(this.entries) }, null, 1),
        );
        await fresh.sync();
      } finally {
        await fresh.close();
      }
      await rename(`${this.file}.new`, this.file);
      if (this.refusal !== null) this.log.warn(`${this.file} is written again`);
      this.refusal = null;
    } catch (error) {
      const reason = systemError(error, this.file).message;
      if (this.refusal === null)
        this.log.warn(`cannot write ${this.file}, trying again every 5 s: ${reason}`);
      this.refusal = reason;
      this.retry();
    }
  }

  private retry(): void {
    if (this.retrying) return;
    this.retrying = true;
    this.clock.setTimeout(RETRY, () => {
      this.retrying = false;
      void this.save();
    });
  }
}

function mended({ at, scheduleAt, handled, ...rest }: Entry, now: number): Entry {
  const slots = Object.entries(handled ?? {}).map(([what, slot]) => [what, pastMoment(slot, now)] as const);
  return {
    ...rest,
    ...(at !== undefined && { at: pastMoment(at, now) }),
    ...(scheduleAt !== undefined && { scheduleAt: pastMoment(scheduleAt, now) }),
    ...(handled !== undefined && { handled: Object.fromEntries(slots) }),
  };
}

function readWants(file: string, log: Log): Readonly<Record<string, Entry>> {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const { schema, jails } = value as { schema?: unknown; jails?: unknown };
    // Only jaild writes this file, each time whole: the right schema is enough.
    if (schema === 1 && typeof jails === 'object' && jails !== null) return jails as Record<string, Entry>;
  } catch (error) {
    if (isMissing(error)) return {};
  }
  moveAside(file, log);
  return {};
}
