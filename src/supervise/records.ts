import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Jail } from '../config/compile.js';
import { ownSubdirectory, RECORD } from '../host/own-directory.js';
import type { Standing } from '../plan/standing.js';
import type { JailPlan } from '../plan/step.js';
import type { Clock } from './clock.js';
import { faultPoint } from './fault-points.js';
import type { Log } from './log.js';
import type { LastExit } from './operations.js';
import type { SavedHealth } from './health/health.js';
import type { Said } from './health/minding.js';
import type { LostOutput } from './lost-output.js';
import type { Tally } from './restart.js';

/** What a jail was doing when the record was written. The last three have no process on the machine. */
export type Doing =
  'preparing' | 'running' | 'paused' | 'stopping' | 'cleaning' | 'backoff' | 'ended' | 'failed';

/** A jail's definition, without what only its file is for. */
export interface SavedJail {
  readonly name: string;
  readonly params: readonly (readonly [string, readonly string[] | null])[];
  readonly values: Jail['values'];
}

/** All that a later jaild must know to take a jail back. Written before what it says is done. */
export interface JailRecord {
  readonly schema: 1;
  readonly name: string;
  readonly doing: Doing;
  readonly bootId: string;
  readonly launch: string;
  readonly jid: number;
  readonly jail: SavedJail;
  /** What its file said when it was made something else; null, or absent, when it is as its file has it. */
  readonly filed?: Jail['values'] | null;
  readonly plan: JailPlan | null;
  /** What stands of its network while it rests; null or absent: nothing. */
  readonly standing?: Standing | null;
  readonly foreground: boolean;
  /** It had come up: its stop runs commands, and the end of it counts as the end of a run. */
  readonly wasUp: boolean;
  /** Milliseconds of the wall clock and of CLOCK_MONOTONIC; null before it was up. */
  readonly startedAt: { readonly wall: number; readonly monotonic: number } | null;
  /** When it was planned, in milliseconds of CLOCK_MONOTONIC: start.timeout goes on from there. */
  readonly begunAt?: number | null;
  readonly target: 'up' | 'down';
  readonly startKept: boolean;
  readonly restarts: number;
  readonly tally: Tally;
  readonly exit: LastExit | null;
  /** The last ends, and why it is not tried again. Absent: none, nothing. */
  readonly exits?: readonly LastExit[];
  readonly gaveUp?: string | null;
  /** What it has said of itself. Absent: nothing. */
  readonly said?: Said;
  /** What its checks have come to. Absent: nothing. */
  readonly health?: SavedHealth;
  /** Of its output. Absent: nothing. */
  readonly lostOutput?: LostOutput;
  readonly oomKills: number;
  /** Of `command`, on the host; null or absent: not known. */
  readonly commandPid?: number | null;
  /** When it was written, in milliseconds of the wall clock. Absent: nobody knows. */
  readonly at?: number;
  /** It is stopped because jaild stops all of them, whatever is wanted of it. */
  readonly isLeaving?: boolean;
  /** It is being removed without any command. */
  readonly isSilent?: boolean;
  /** Steps of a change that was under way, which may have been done. Absent: none. */
  readonly unsettled?: JailPlan['prepare'];
  /** When a backoff ends, in milliseconds of CLOCK_MONOTONIC. */
  readonly retryAt: number | null;
}

export interface Loaded {
  readonly records: readonly JailRecord[];
  /** Names of jails whose record could not be read; it was moved aside. */
  readonly broken: readonly string[];
}

/** What a jail's file says by now: the parts of its record that are large and rarely other ones. */
interface Written {
  readonly plan: JailPlan | null;
  readonly values: Jail['values'];
  /** Bytes. */
  readonly size: number;
}

/** Records of jails that rest between runs: they have no directory of their own. */
const REST = '.rest';
const SUFFIX = '.json';
/** Milliseconds between two complaints of a disk that takes no records, and until it is tried again. */
const COMPLAINT_MS = 60_000;
const RETRY_MS = 5000;
/** Bytes after which a file is written anew: some twenty lives of a jail that begins anew each time it ends. */
const LONG = 256 * 1024;
// JSON has no word for the Infinity of an unlimited value.
const INFINITE = '\u221e';

/** The records of one jaild, below its run directory, so that they go with the boot that they belong to. */
export class Records {
  private readonly written = new Map<string, Written>();
  /** What is stopped from now on comes back with the next jaild. */
  isLeaving = false;
  /** Those that have a record at rest. */
  private readonly resting: Set<string>;
  /** What the disk did not take, by what it is about: the last of each is what it is to be. */
  private readonly owed = new Map<string, () => void>();
  /** When it was last said that the disk takes no record, in milliseconds of CLOCK_MONOTONIC. */
  private complainedAt = -Infinity;

  constructor(
    private readonly directory: string,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    const files = namesIn(join(directory, REST)).filter((name) => name.endsWith(SUFFIX));
    this.resting = new Set(files.map((file) => file.slice(0, -SUFFIX.length)));
  }

  /**
   * Writes a record; a disk that does not take it is logged, survived, and tried again. It is added to the jail's file as a
   * line, without the plan and the definition, most of it, where they are as in the lines before: that costs no new file,
   * and no file system waits for the disk as some do where a new file takes the place of another.
   */
  save(told: JailRecord): void {
    const { name, plan, doing } = told;
    const record = { ...told, at: this.clock.now(), ...(this.isLeaving && { isLeaving: true }) };
    if (plan !== null) this.owed.delete(`run directory of ${name}`);
    this.attempt(`record of ${name}`, () => {
      faultPoint(`record.${doing}`, name);
      if (plan === null) this.saveAtRest(record);
      else if (!this.append(record)) this.saveWhole(record);
      faultPoint(`recorded.${doing}`, name);
      if (plan !== null) this.takeFromRest(name);
    });
  }

  private attempt(what: string, act: () => void): void {
    try {
      act();
      this.owed.delete(what);
    } catch (error) {
      this.complain(`cannot write the ${what}, going on: ${String(error)}`);
      if (this.owed.size === 0) this.clock.setTimeout(RETRY_MS, () => this.tryAgain());
      this.owed.set(what, act);
    }
  }

  private tryAgain(): void {
    const owed = [...this.owed];
    this.owed.clear();
    for (const [what, act] of owed) this.attempt(what, act);
    if (owed.length > 0 && this.owed.size === 0) this.log.warn('the records of jails are written again');
  }

  /** A full disk is full for all jails, and for each of their steps. */
  private complain(message: string): void {
    const now = this.clock.monotonic();
    if (now - this.complainedAt < COMPLAINT_MS) return;
    this.complainedAt = now;
    this.log.warn(message);
  }

  private saveAtRest(record: JailRecord): void {
    mkdirSync(join(this.directory, REST), { recursive: true, mode: 0o700 });
    this.resting.add(record.name);
    writeWhole(this.restFile(record.name), encode(record));
  }

  private saveWhole(record: JailRecord): void {
    const { name, plan, jail } = record;
    this.written.delete(name);
    ownSubdirectory(join(this.directory, name), 0o700);
    const line = Buffer.from(encode(record));
    writeWhole(this.stateFile(name), line);
    this.written.set(name, { plan, values: jail.values, size: line.length });
  }

  /** Returns false when there is no file, or not any more, or it did not take it all, or is long enough. */
  private append(record: JailRecord): boolean {
    const { plan, jail, ...rest } = record;
    const before = this.written.get(record.name);
    if (before === undefined || before.size > LONG) return false;
    try {
      const fd = openSync(this.stateFile(record.name), constants.O_WRONLY | constants.O_APPEND);
      try {
        const other = {
          ...(before.plan !== plan && { plan }),
          ...(before.values !== jail.values && { jail }),
        };
        const line = Buffer.from(encode({ ...rest, ...other }));
        if (writeSync(fd, line) !== line.length) return false;
        this.written.set(record.name, { plan, values: jail.values, size: before.size + line.length });
        return true;
      } finally {
        closeSync(fd);
      }
    } catch {
      return false;
    }
  }

  /** Forgets what is known of a jail at rest. */
  forget(name: string): void {
    this.attempt(`record of ${name}`, () => this.takeFromRest(name));
  }

  private takeFromRest(name: string): void {
    if (!this.resting.has(name)) return;
    rmSync(this.restFile(name), { force: true });
    this.resting.delete(name);
  }

  /** Takes away the directory of a jail of which nothing is left. */
  remove(name: string): void {
    this.written.delete(name);
    this.attempt(`run directory of ${name}`, () =>
      rmSync(join(this.directory, name), { recursive: true, force: true }),
    );
  }

  /** Every record there is. One that cannot be read is moved aside and does not keep the others. */
  load(): Loaded {
    const records: JailRecord[] = [];
    const broken: string[] = [];
    const running = namesIn(this.directory).filter((name) => name !== REST);
    for (const name of running) this.loadOne(name, join(this.directory, name, RECORD), records, broken);
    const known = new Set([...records.map(({ name }) => name), ...broken]);
    // jaild ended between the two: what its directory says of a jail is the whole of it.
    for (const name of [...this.resting].filter((name) => !known.has(name)))
      this.loadOne(name, this.restFile(name), records, []);
    return { records, broken };
  }

  private loadOne(name: string, file: string, records: JailRecord[], broken: string[]): void {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      if (isMissing(error)) return;
      this.log.warn(`cannot read ${file}, going on without it: ${String(error)}`);
      broken.push(name);
      return;
    }
    const record = decode(text);
    if (record?.name === name) records.push(record);
    else {
      moveAside(file, this.log);
      broken.push(name);
    }
  }

  private stateFile(name: string): string {
    return join(this.directory, name, RECORD);
  }

  private restFile(name: string): string {
    return join(this.directory, REST, `${name}${SUFFIX}`);
  }
}

/** One line. The largest parts know no Infinity: to look for it there would take longer than all the rest. */
function encode(record: Omit<JailRecord, 'plan' | 'jail'> & Partial<JailRecord>): string {
  const { plan, exits, ...rest } = record;
  const text = JSON.stringify(rest, (_key, value: unknown) => (value === Infinity ? INFINITE : value));
  const plain = JSON.stringify({ plan, exits });
  return plain === '{}' ? `${text}\n` : `${text.slice(0, -1)},${plain.slice(1)}\n`;
}

/** A line without an end was cut off by the end of the jaild that wrote it: what it says was not done yet. */
function decode(text: string): JailRecord | null {
  const lines = text.split('\n').slice(0, -1).map(decodeLine);
  const value: unknown = lines.includes(null) ? null : Object.assign({}, ...lines);
  return isRecord(value) ? value : null;
}

function decodeLine(line: string): object | null {
  try {
    const value: unknown = JSON.parse(line, (key, member: unknown) => {
      if (member === INFINITE) return Infinity;
      return key === 'at' && typeof member === 'string' ? new Date(member) : member;
    });
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

/** Only jaild writes records, each whole: what carries the right schema and name is one. */
function isRecord(value: unknown): value is JailRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { schema, name, launch, jail, tally } = value as Partial<Record<keyof JailRecord, unknown>>;
  return (
    schema === 1 &&
    [name, launch].every((text) => typeof text === 'string') &&
    Boolean(jail) &&
    Boolean(tally)
  );
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Replaces a file by a whole new one: no reader ever sees half of it. @throws NodeJS.ErrnoException */
function writeWhole(file: string, text: string | Buffer): void {
  const fresh = `${file}.new`;
  try {
    // Unlike writeSync, which is content with what a full disk still took.
    writeFileSync(fresh, text, { mode: 0o600 });
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

/** Keeps a file that makes no sense for people to look at, out of the way. */
export function moveAside(file: string, log: Log): void {
  log.error(`${file} cannot be understood, moved to ${file}.broken`);
  try {
    renameSync(file, `${file}.broken`);
  } catch (error) {
    log.warn(`cannot move ${file} aside, going on: ${String(error)}`);
  }
}

/** Whether it says that there is no such file, or a file where a directory would be. */
export function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
