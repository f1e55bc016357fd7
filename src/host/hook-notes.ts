import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno } from './files.js';
import { readStat } from './lineage.js';

/** What is known of a command on the host that is under way: this first, and who it is as soon as it has begun. */
interface Note {
  readonly boot: string;
  readonly jail: string;
  readonly command: string;
  /** Clock ticks after boot: it began later. */
  readonly after: number;
  readonly pid?: number;
  readonly startTime?: number;
}

export interface OpenNote {
  readonly began: (pid: number) => void;
  readonly close: () => void;
}

const DIRECTORY = '.hooks';
/** /proc counts in hundredths of a second, whatever the kernel's own clock does. proc_pid_stat(5), time(7). */
const TICKS = 100;
/** Milliseconds: how long a killed command is waited for, and how often it is looked at. */
const PATIENCE = 2000;
const LOOK = 10;

/**
 * Notes of the commands on the host that are under way, below the run directory: a jaild that is killed leaves them running,
 * and the next one finds them here, so that none ever runs beside its second run.
 */
export class HookNotes {
  readonly #directory: string;
  readonly #boot: string;
  #count = 0;

  /** @param boot id of this boot */
  constructor(runDirectory: string, boot: string) {
    this.#directory = join(runDirectory, DIRECTORY);
    this.#boot = boot;
  }

  /** To be called before it begins. A note that cannot be written keeps no command from running. */
  open(jail: string, command: string): OpenNote {
    const file = join(this.#directory, `${process.pid}.${++this.#count}`);
    const note: Note = { boot: this.#boot, jail, command, after: ticks() };
    const write = (more: Partial<Note>): void => {
      try {
        mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
        // At each moment there is one that is whole: a jaild that is killed here leaves the command to the next one too.
        writeFileSync(`${file}.new`, JSON.stringify({ ...note, ...more }), { mode: 0o600 });
        renameSync(`${file}.new`, file);
      } catch (error) {
        if (!isErrno(error)) throw error;
      }
    };
    write({});
    return {
      began: (pid) => {
        const stat = readStat(pid);
        if (stat !== null) write({ pid, startTime: stat.startTime });
      },
      close: () => rmSync(file, { force: true }),
    };
  }

  /** Kills what an earlier jaild has left running. @returns "JAIL: COMMAND" of each */
  async endAll(): Promise<readonly string[]> {
    const files = this.#list().map((name) => join(this.#directory, name));
    const ended = await Promise.all(files.map((file) => this.#end(file)));
    return ended.filter((words) => words !== null);
  }

  #list(): readonly string[] {
    try {
      return readdirSync(this.#directory);
    } catch {
      return []; // no command was ever run
    }
  }

  async #end(file: string): Promise<string | null> {
    const note = readNote(file);
    const leaders = note?.boot === this.#boot ? leadersOf(note) : [];
    await Promise.all(leaders.map(killFamily));
    rmSync(file, { force: true });
    return leaders.length === 0 || note === null ? null : `${note.jail}: ${note.command}`;
  }
}

function ticks(): number {
  const [seconds = '0'] = readFileSync('/proc/uptime', 'utf8').split(' ');
  return Math.round(Number(seconds) * TICKS);
}

/** Only jaild writes them; one that was cut off has another beside it, or no command yet. */
function readNote(file: string): Note | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Note;
  } catch {
    return null;
  }
}

/** The process that a note is about, if it is there; or all that look like it, for anybody can look so, beside it. */
function leadersOf(note: Note): readonly number[] {
  if (note.pid !== undefined)
    return isAlive(note.pid) && readStat(note.pid)?.startTime === note.startTime ? [note.pid] : [];
  // jaild ended between the birth of the command and the note of it.
  return processes().filter((pid) => isLeaderFor(note, pid));
}

function isLeaderFor({ jail, after }: Note, pid: number): boolean {
  const stat = readStat(pid);
  if (stat?.session !== pid || stat.startTime < after) return false;
  try {
    // Processes of jails have that variable as well.
    if (readlinkSync(`/proc/${pid}/ns/pid`) !== readlinkSync('/proc/self/ns/pid')) return false;
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`JNAME=${jail}`);
  } catch {
    return false;
  }
}

function processes(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function isAlive(pid: number): boolean {
  const stat = readStat(pid);
  return stat !== null && stat.state !== 'Z' && stat.state !== 'X';
}

/** Kills a process, its session and its descendants, and waits until they are gone. */
async function killFamily(leader: number): Promise<void> {
  const family = new Set([leader]);
  const until = Date.now() + PATIENCE;
  for (;;) {
    for (const pid of processes()) {
      const stat = readStat(pid);
      if (stat !== null && (stat.session === leader || family.has(stat.parent))) family.add(pid);
    }
    const alive = [...family].filter(isAlive);
    if (alive.length === 0 || Date.now() > until) return;
    for (const pid of alive) kill(pid);
    await sleep(LOOK);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isErrno(error) || error.code !== 'ESRCH') throw error;
  }
}
