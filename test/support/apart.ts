import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { patience } from './patience.js';

/** A network namespace with nothing but its loopback, while it is held; what else is made in it goes with it. */
export class Apart {
  readonly #held: ChildProcess[];

  private constructor(holder: ChildProcess) {
    this.#held = [holder];
  }

  static async make(): Promise<Apart> {
    const holder = spawn(
      'unshare',
      ['-n', 'sh', '-c', 'ip link set lo up && echo apart && exec sleep 100000'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    await once(holder.stdout, 'data');
    return new Apart(holder);
  }

  /** Of the process that holds it. */
  get pid(): number {
    return this.#held[0]?.pid ?? -1;
  }

  /** The words that run others there. */
  words(...argv: readonly string[]): readonly string[] {
    return ['nsenter', '-t', String(this.pid), '-n', '--', ...argv];
  }

  /** Runs words there and gives what was said. Throws when there was an error that said nothing on stdout. */
  run(...argv: readonly string[]): string {
    const [file = '', ...rest] = this.words(...argv);
    const { status, stdout, stderr } = spawnSync(file, rest, {
      encoding: 'utf8',
      timeout: 120_000 * patience,
    });
    if (status !== 0 && stdout === '') throw new Error(`${argv.join(' ')}: ${stderr}`);
    return stdout.trim();
  }

  /** Runs words there meanwhile, and gives what was said on stdout. */
  async later(...argv: readonly string[]): Promise<string> {
    const [file = '', ...rest] = this.words(...argv);
    const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
    await once(child, 'close');
    return said.trim();
  }

  /** Starts a server there; resolves when it has said its first word. */
  async serve(...argv: readonly string[]): Promise<void> {
    const [file = '', ...rest] = this.words(...argv);
    const server = spawn(file, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#held.push(server);
    await once(server.stdout, 'data');
  }

  async end(): Promise<void> {
    const ends = this.#held.map((child) => once(child, 'exit'));
    for (const child of this.#held) child.kill('SIGKILL');
    await Promise.all(ends);
  }
}
