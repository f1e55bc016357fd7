import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { TestInstance } from './instance.js';
import { onDisk, type Place } from './packets.js';

/** What a neighbour has: the name of the host's interface towards it, and the addresses of both ends, "ADDRESS/PREFIX". */
export interface NeighbourLink {
  readonly name: string;
  readonly host: readonly string[];
  readonly own: readonly string[];
  readonly mtu?: number;
}

/** Another host on the test's network: a network namespace joined to that of jaild by a veth, and nothing but it. */
export class Neighbour {
  #holder: ChildProcess | null = null;
  #link = '';

  constructor(private readonly instance: TestInstance) {}

  /** Once the instance has been started. */
  async join({ name, host, own, mtu = 1500 }: NeighbourLink): Promise<void> {
    const apart = spawn('unshare', ['-n', 'sh', '-c', 'echo apart && exec sleep 100000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    [this.#holder, this.#link] = [apart, name];
    await once(apart.stdout, 'data');
    const add = `link add ${name} mtu ${mtu} type veth peer name eth0 mtu ${mtu} netns ${apart.pid}`;
    const { code, stderr } = this.instance.onHost('ip', ...add.split(' '));
    if (code !== 0) throw new Error(stderr);
    for (const address of host) this.instance.onHost('ip', 'addr', 'add', address, 'dev', name, 'nodad');
    this.instance.onHost('ip', 'link', 'set', name, 'up');
    for (const address of own) this.run('ip', 'addr', 'add', address, 'dev', 'eth0', 'nodad');
    for (const device of ['lo', 'eth0']) this.run('ip', 'link', 'set', device, 'up');
  }

  /** Runs words there and gives what was said. */
  readonly run: Place = (file = '', ...argv) => {
    const { stdout, stderr } = this.instance.run([...this.#words, onDisk(this.instance, file), ...argv]);
    return (stdout || stderr).trim();
  };

  /** Serves there until the neighbour leaves. */
  async serve(port: number): Promise<void> {
    const program = onDisk(this.instance, '/bin/packets');
    const [file = '', ...words] = [...this.#words, program, 'serve', String(port)];
    const server = spawn(file, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#holder?.once('exit', () => server.kill('SIGKILL'));
    await once(server.stdout, 'data');
  }

  /** Takes the link away and ends what runs there. */
  async leave(): Promise<void> {
    if (this.#holder === null) return;
    this.instance.onHost('ip', 'link', 'delete', this.#link);
    const exit = once(this.#holder, 'exit');
    this.#holder.kill('SIGKILL');
    await exit;
  }

  get #words(): readonly string[] {
    return ['nsenter', '-t', String(this.#holder?.pid), '-n', '--'];
  }
}
