import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { ECHO } from './echo.js';
import type { TestInstance } from './instance.js';
import { patience } from './patience.js';
import { connectOutside, type Cable, type Outside } from './outside.js';

/** Where somebody asks from: the host, a jail by its name, or a machine outside by `@` and its name. */
export type Place = string;

type Protocol = 'tcp' | 'udp';

/** Milliseconds in which an answer is to come, on a busy host too, and after which one that is not to come has not come. */
const ANSWER_MS = 30_000;
const SILENCE_MS = 700;

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
  ask(place: Place, protocol: Protocol, address: string, port: number, source?: string): Promise<string> {
    return this.#ask(ANSWER_MS * patience, place, protocol, address, port, source);
  }

  /** As `ask`, of whom no answer is expected: it is not waited for as long. */
  inVain(place: Place, protocol: Protocol, address: string, port: number, source?: string): Promise<string> {
    return this.#ask(SILENCE_MS, place, protocol, address, port, source);
  }

  #ask(ms: number, place: Place, ...question: readonly (string | number | undefined)[]): Promise<string> {
    const [protocol, address, port, source] = question;
    const words = [protocol, address, port, ms, source].filter((word) => word !== undefined).map(String);
    return this.run(place, process.execPath, ECHO, 'ask', ...words);
  }

  /** Begins to listen for datagrams. `heard` tells who has sent some, when so many have come and those that come besides. */
  async listen(place: Place, port: number): Promise<{ heard(least: number): Promise<readonly string[]> }> {
    const [file = '', ...args] = this.#at(place, [process.execPath, ECHO, 'listen', String(port)]);
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#servers.push(child);
    let text = '';
    child.stdout.on('data', (bytes) => (text += String(bytes)));
    const lines = (): readonly string[] => text.split('\n').slice(1, -1);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    return {
      heard: async (least) => {
        await this.instance.until(`${least} datagrams come`, () => lines().length >= least);
        await sleep(SILENCE_MS);
        child.kill('SIGKILL');
        return lines();
      },
    };
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

  /** Ends servers and machines. */
  end(): void {
    for (const server of this.#servers) server.kill('SIGKILL');
    for (const outside of this.#outside.values()) outside.end();
  }

  #at(place: Place, argv: readonly string[]): readonly string[] {
    if (place === 'host') return ['nsenter', ...this.instance.inNetwork(argv)];
    if (place.startsWith('@')) return ['nsenter', ...(this.#outside.get(place.slice(1))?.words(argv) ?? [])];
    return ['nsenter', '-t', String(this.instance.status(place).pid), '-n', '--', ...argv];
  }
}
