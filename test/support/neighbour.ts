import { Apart } from './apart.js';
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
  #apart: Apart | null = null;
  #link = '';

  constructor(private readonly instance: TestInstance) {}

  /** Once the instance has been started. */
  async join({ name, host, own, mtu = 1500 }: NeighbourLink): Promise<void> {
    const apart = await Apart.make();
    [this.#apart, this.#link] = [apart, name];
    const add = `link add ${name} mtu ${mtu} type veth peer name eth0 mtu ${mtu} netns ${apart.pid}`;
    const { code, stderr } = this.instance.onHost('ip', ...add.split(' '));
    if (code !== 0) throw new Error(stderr);
    for (const address of host) this.instance.onHost('ip', 'addr', 'add', address, 'dev', name, 'nodad');
    this.instance.onHost('ip', 'link', 'set', name, 'up');
    for (const address of own) apart.run('ip', 'addr', 'add', address, 'dev', 'eth0', 'nodad');
    apart.run('ip', 'link', 'set', 'eth0', 'up');
  }

  /** Runs words there and gives what was said. */
  readonly run: Place = (file = '', ...argv) =>
    this.#apart?.run(onDisk(this.instance, file), ...argv) ?? 'no neighbour';

  /** Runs words there meanwhile. */
  later(file: string, ...argv: readonly string[]): Promise<string> {
    return this.#apart?.later(onDisk(this.instance, file), ...argv) ?? Promise.resolve('no neighbour');
  }

  /** Serves there until the neighbour leaves. */
  async serve(port: number): Promise<void> {
    await this.#apart?.serve(onDisk(this.instance, '/bin/packets'), 'serve', String(port));
  }

  /** Takes the link away and ends what runs there. */
  async leave(): Promise<void> {
    this.instance.onHost('ip', 'link', 'delete', this.#link);
    await this.#apart?.end();
  }
}
