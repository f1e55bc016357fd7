import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A system call of the jailer (or of the jail's process 1), and which of those with its number it is, from 1 on. */
export interface Call {
  readonly who: string;
  readonly number: string;
  readonly times: number;
}

const repository = join(import.meta.dirname, '../../..');

/** Jailers that are killed, they or the process 1 of their jail, right before a system call: test/support/killer.c. */
export class Killer {
  readonly #orders: string;
  readonly #program: string;

  /** Compiles it. @param directory a directory for what it needs */
  constructor(directory: string) {
    this.#orders = join(directory, 'orders');
    this.#program = join(directory, 'killer');
    mkdirSync(this.#orders, { recursive: true });
    const jailer = join(repository, 'native/build/jailer');
    const source = join(repository, 'test/support/killer.c');
    const words = [`-DPROGRAM="${jailer}"`, `-DORDERS="${this.#orders}"`, '-o', this.#program, source];
    const { status, stderr } = spawnSync('gcc', ['-std=gnu17', '-O1', '-static', ...words], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
  }

  /** What jaild is started with so that its jailers are these. */
  get environment(): Readonly<Record<string, string>> {
    const standIn = join(import.meta.dirname, 'stand-in.js');
    return { JAILD_TEST_JAILER: this.#program, NODE_OPTIONS: `--import=${standIn}` };
  }

  /** From now on its system calls are listed. */
  list(jail: string): void {
    this.#order(jail, 'list');
  }

  /** The list of them, which ends with this. */
  listed(jail: string): readonly Call[] {
    this.spare(jail);
    const list = join(this.#orders, `${jail}.list`);
    const times = new Map<string, number>();
    const calls = readFileSync(list, 'utf8')
      .trim()
      .split('\n')
      .map((line): Call => {
        const [who = '', number = ''] = line.split(' ');
        times.set(line, (times.get(line) ?? 0) + 1);
        return { who, number, times: times.get(line) ?? 0 };
      });
    rmSync(list);
    return calls;
  }

  /** It is killed right before that call, counted from now. */
  kill(jail: string, { who, number, times }: Call): void {
    this.#order(jail, `${who} ${number} ${times}`);
  }

  /** Whether it has come to that call. */
  hasKilled(jail: string): boolean {
    return !existsSync(join(this.#orders, jail));
  }

  /** Of a jail that has not come to it, and is down by now, the next jailer is left alone. */
  spare(jail: string): void {
    rmSync(join(this.#orders, jail), { force: true });
  }

  #order(jail: string, words: string): void {
    const fresh = join(this.#orders, `.${jail}`);
    writeFileSync(fresh, `${words}\n`);
    renameSync(fresh, join(this.#orders, jail));
  }
}

/** What calls are called here, by their numbers. syscall(2) */
export function callNames(): ReadonlyMap<string, string> {
  const { stdout } = spawnSync('gcc', ['-dM', '-E', '-include', 'sys/syscall.h', '-'], {
    input: '',
    encoding: 'utf8',
  });
  return new Map(
    [...stdout.matchAll(/^#define __NR_(\w+) (\d+)$/gm)].map(([, name = '', n = '']) => [n, name]),
  );
}
