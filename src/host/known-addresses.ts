import { performance } from 'node:perf_hooks';
import type { Jail } from '../config/jail.js';
import type { JailParams } from '../config/params.js';
import type { Subnet } from '../config/values/subnet.js';
import { hostSubnets } from '../plan/lease-subnet.js';

/** What a jail has, and when that was learnt, in milliseconds of performance.now(). */
interface Met {
  readonly addresses: readonly string[];
  readonly at: number;
}

/** Milliseconds between the plan of a jail and its directory, at most. */
const STARTING = 2000;

/** Addresses that parameters give to a jail and, on its bridge, to the host and whoever else it is told of. */
function addressesOf(values: JailParams): readonly string[] {
  const { 'ip4.addr': ip4 = [], 'ip6.addr': ip6 = [], gateway = [] } = values;
  const written = subnetsOf(values);
  const host = written.length === 0 ? [] : hostSubnets(written, gateway);
  return [...ip4, ...ip6, ...host].map(({ address }) => address).concat(gateway);
}

const subnetsOf = (values: JailParams): readonly Subnet[] =>
  (values['bridge.subnet'] ?? []).filter((one): one is Subnet => one !== 'auto');

/** Which addresses are some jail's by its parameters: of those in the files, and of those that are there beside them. */
export class KnownAddresses {
  #filed: ReadonlySet<string> = new Set();
  #owners: ReadonlyMap<string, readonly string[]> = new Map();
  readonly #met = new Map<string, Met>();
  /** What jails run with that an earlier jaild has left. */
  readonly #held = new Map<string, readonly string[]>();
  #written: readonly Subnet[] = [];

  /** @param hasDirectory whether a jail is there, started or about to be */
  constructor(private readonly hasDirectory: (jail: string) => boolean) {}

  /** The jails of the files, all of them. */
  acquaint(jails: readonly Jail[]): void {
    this.#filed = new Set(jails.map(({ name }) => name));
    const owners = new Map<string, string[]>();
    for (const { name, values } of jails)
      for (const address of addressesOf(values)) {
        const known = owners.get(address);
        if (known === undefined) owners.set(address, [name]);
        else known.push(name);
      }
    this.#owners = owners;
    this.#written = jails.flatMap(({ values }) => subnetsOf(values));
    const names = [...this.#met.keys(), ...this.#held.keys()];
    for (const name of names) if (!this.#isPresent(name)) this.forget(name);
  }

  /** A jail that is about to start, or to change. @returns what it was held to have */
  meet(jail: string, values: JailParams): readonly string[] {
    const held = this.#held.get(jail) ?? [];
    this.forget(jail);
    const addresses = addressesOf(values);
    if (addresses.length > 0) this.#met.set(jail, { addresses, at: performance.now() });
    return held;
  }

  /** A jail that runs with these addresses, however it came by them. */
  hold(jail: string, addresses: readonly string[]): void {
    this.#held.set(jail, addresses);
  }

  forget(jail: string): void {
    this.#met.delete(jail);
    this.#held.delete(jail);
  }

  /** Subnets that bridges have by the files. */
  get subnets(): readonly Subnet[] {
    return this.#written;
  }

  isOfAnother(address: string, jail: string): boolean {
    if (this.#owners.get(address)?.some((owner) => owner !== jail) === true) return true;
    const met = [...this.#met].map(([name, { addresses }]) => [name, addresses] as const);
    return [...met, ...this.#held].some(
      ([name, addresses]) => name !== jail && addresses.includes(address) && this.#isPresent(name),
    );
  }

  /** Whether a jail is in the files, runs or is about to. */
  isThere(jail: string): boolean {
    return this.#filed.has(jail) || this.#isPresent(jail);
  }

  #isPresent(jail: string): boolean {
    const since = performance.now() - (this.#met.get(jail)?.at ?? -Infinity);
    return since < STARTING || this.hasDirectory(jail);
  }
}
