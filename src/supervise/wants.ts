import { mkdirSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from './clock.js';
import type { Log } from './log.js';
import { isMissing, moveAside } from './records.js';

export type Want = 'up' | 'down';

interface Entry {
  readonly want?: Want;
  /** Wall clock, milliseconds: when the want was last expressed. */
  readonly at?: number;
  /** The schedule, and since when it is this one. */
  readonly schedule?: string;
  readonly scheduleAt?: number;
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

  set(name: string, want: Want): Promise<void> {
    const entry = this.entries.get(name);
    this.entries.set(name, { ...entry, want, at: this.clock.now() });
    return entry?.want === want ? Promise.resolve() : this.save();
  }

  /** Since when the jail has this schedule; a changed one begins now, so that it never acts for a time before it. */
  scheduleSince(name: string, schedule: string): number {
    const entry = this.entries.get(name);
    if (entry?.schedule === schedule && entry.scheduleAt !== undefined) return entry.scheduleAt;
    const scheduleAt = this.clock.now();
    this.entries.set(name, { ...entry, schedule, scheduleAt });
    void this.save();
    return scheduleAt;
  }

  forget(name: string): Promise<void> {
    return this.entries.delete(name) ? this.save() : Promise.resolve();
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
    } catch (error) {
      this.log.warn(`cannot write ${this.file}, trying again in 5 s: ${String(error)}`);
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
