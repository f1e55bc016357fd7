import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The program of native/test/stopwatch.c. */
export const stopwatchProgram = join(import.meta.dirname, '../../../native/build/stopwatch');

/** Times programs from a small process: Node takes longer to start one than some of them take to run. */
export class Stopwatch {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  /** @param wrapper words that it is started by, to be elsewhere */
  constructor(wrapper: readonly string[] = []) {
    const [file = '', ...words] = [...wrapper, stopwatchProgram];
    this.#child = spawn(file, words, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#answers = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  /** Milliseconds from starting a program to its end. Rejects unless it exited 0. */
  run(argv: readonly string[]): Promise<number> {
    return this.#ask(['run', ...argv]);
  }

  /** Milliseconds from killing a process to the first word of its successor, which runs `stopwatch beat`. */
  crash(pid: number, fifo: string): Promise<number> {
    return this.#ask(['crash', String(pid), fifo]);
  }

  close(): void {
    this.#child.stdin.end();
  }

  async #ask(words: readonly string[]): Promise<number> {
    this.#child.stdin.write(`${words.join('\t')}\n`);
    const { value } = (await this.#answers.next()) as { readonly value?: string };
    const [microseconds = '', status] = (value ?? '').split(' ');
    if (status !== '0') throw new Error(`${words.join(' ')}: wait status ${status ?? 'unknown'}`);
    return Number(microseconds) / 1000;
  }
}
