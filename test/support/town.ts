import { spawn, type ChildProcess } from 'node:child_process';
import { ECHO } from './echo.js';
import type { TestInstance } from './instance.js';
import { connectOutside, type Cable, type Outside } from './outside.js';

/** Where somebody asks from: the host, a jail by its name, or a machine outside by `@` and its name. */
export type Place = string;

/** Jails of an instance, its host, and machines around it, which ask each other who they are. */
export class Town {
  readonly #servers: ChildProcess[] = [];
  readonly #outside = new Map<string, Outside>();

  constructor(private readonly instance: TestInstance) {}

  /** Connects a machine outside, which is then `@NAME`. */
  connect(name: string, cable: Cable): Outside {
    const outside = connectOutside(this.instance, cable);
    this.#outside.set(name, outside);
    return outside;
  }

  /** Has a place answer at ports, TCP and UDP, with the address that it sees. */
  async serve(place: Place, ...ports: readonly number[]): Promise<void> {
    const [file = '', ...args] = this.#at(place, [process.execPath, ECHO, 'serve', ...ports.map(String)]);
    const server = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#servers.push(server);
    await new Promise((resolve) => server.stdout.once('data', resolve));
  }

  /** What a server answers: the address that it sees, or ECONNREFUSED, EHOSTUNREACH, …, or timeout. */
  ask(
    place: Place,
    protocol: 'tcp' | 'udp',
    address: string,
    port: number,
    source?: string,
  ): Promise<string> {
    const words = [protocol, address, String(port), ...(source === undefined ? [] : [source])];
    return this.run(place, process.execPath, ECHO, 'ask', ...words);
  }

  /** Begins to listen for datagrams; `heard` resolves with who has sent some until the time is over. */
  async listen(
    place: Place,
    port: number,
    ms: number,
  ): Promise<{ readonly heard: Promise<readonly string[]> }> {
    const { more: heard } = await this.#begin(place, 'listen', String(port), String(ms));
    return { heard };
  }

  /** Begins to send datagrams from an address, all from one port; `answered` resolves with the first answer, whenever it comes. */
  async flow(
    place: Place,
    address: string,
    port: number,
    source: string,
  ): Promise<{ readonly answered: Promise<readonly string[]> }> {
    const { more: answered } = await this.#begin(place, 'flow', address, String(port), source);
    return { answered };
  }

  /** Sends a datagram from an address of the place. */
  say(place: Place, address: string, port: number, source: string): Promise<string> {
    return this.run(place, process.execPath, ECHO, 'say', address, String(port), source);
  }

  /** What a command prints. */
  run(place: Place, ...argv: readonly string[]): Promise<string> {
    const [file = '', ...args] = this.#at(place, argv);
    return new Promise((resolve) => {
      let text = '';
      const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] });
      child.stdout.on('data', (bytes) => (text += String(bytes)));
      child.once('close', () => resolve(text));
    });
  }

  /** The words for node that make many connections to a server for a while; they print how many were good, and bad. */
  load(address: string, port: number, ms: number): readonly string[] {
    return [ECHO, 'load', address, String(port), String(ms)];
  }

  /** Ends whatever runs, and machines. */
  end(): void {
    for (const server of this.#servers) server.kill('SIGKILL');
    for (const outside of this.#outside.values()) outside.end();
  }

  /** Goes on when it has said that it is ready; `more` resolves with the lines that it says until its end. */
  async #begin(
    place: Place,
    ...words: readonly string[]
  ): Promise<{ readonly more: Promise<readonly string[]> }> {
    const [file = '', ...args] = this.#at(place, [process.execPath, ECHO, ...words]);
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#servers.push(child);
    let text = '';
    child.stdout.on('data', (bytes) => (text += String(bytes)));
    const more = new Promise<readonly string[]>((resolve) =>
      child.once('close', () => resolve(text.trim().split('\n').slice(1))),
    );
    await new Promise((resolve) => child.stdout.once('data', resolve));
    return { more };
  }

  #at(place: Place, argv: readonly string[]): readonly string[] {
    if (place === 'host') return ['nsenter', ...this.instance.inNetwork(argv)];
    if (place.startsWith('@')) return ['nsenter', ...(this.#outside.get(place.slice(1))?.words(argv) ?? [])];
    return ['nsenter', '-t', String(this.instance.status(place).pid), '-n', '--', ...argv];
  }
}
