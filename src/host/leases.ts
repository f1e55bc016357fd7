import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { constants } from 'node:os';
import type { Jail } from '../config/jail.js';
import type { Subnet } from '../config/values/subnet.js';
import type { BridgeFacts } from '../plan/facts.js';
import type { Instance } from '../plan/instance.js';
import { assignLease, leasedFamilies, without, type Lease, type Leases } from '../plan/lease.js';
import { familyOf, type Family } from '../config/values/family.js';
import { hostSubnets, type SubnetPool } from '../plan/lease-subnet.js';
import { BridgeSubnets, isSubnets, type SubnetsByBridge } from './bridge-subnets.js';
import { SystemError } from './error.js';
import { systemError } from './files.js';
import { KeptFile, readKept } from './kept-file.js';
import { KnownAddresses } from './known-addresses.js';

interface LeaseFile {
  readonly version: 1;
  readonly leases: Leases;
  /** What bridges with `bridge.subnet = auto` have. */
  readonly bridges: SubnetsByBridge;
  /** This host's own prefix, once there was need of one. */
  readonly prefix?: Subnet;
}

function isLeases(value: unknown): value is Leases {
  if (typeof value !== 'object' || value === null) return false;
  const leases = Object.values(value as Readonly<Record<string, Partial<Lease> | null>>);
  const areRight = leases.every((lease) => {
    const { at, ip4 = '', ip6 = '' } = lease ?? {};
    return Number.isFinite(at) && typeof ip4 === 'string' && typeof ip6 === 'string';
  });
  const addresses = leases.flatMap((lease) => [lease?.ip4 ?? [], lease?.ip6 ?? []].flat());
  return areRight && new Set(addresses).size === addresses.length;
}

function isLeaseFile(value: unknown): value is LeaseFile {
  if (typeof value !== 'object' || value === null) return false;
  const { version, leases, bridges, prefix } = value as Partial<Record<keyof LeaseFile, unknown>>;
  if (version !== 1 || !isLeases(leases) || typeof bridges !== 'object' || bridges === null) return false;
  return Object.values(bridges).every(isSubnets) && (prefix === undefined || isSubnets([prefix]));
}

/**
 * Gives jails on bridges with subnets their addresses, and bridges their subnets; remembers both, also over boots. What
 * is not on the disk has not been given out.
 */
export class LeaseStore {
  readonly #instance: Instance;
  readonly #known: KnownAddresses;
  readonly #bridges: BridgeSubnets;
  readonly #file: KeptFile;
  #leases: Leases;
  /** The file was damaged and has been moved aside; the caller logs it. */
  readonly damage: SystemError | null;

  private constructor(instance: Instance, pool: SubnetPool, content: LeaseFile, damage: SystemError | null) {
    this.#instance = instance;
    this.#known = new KnownAddresses((jail) => existsSync(`${instance.runDirectory}/${jail}`));
    const { bridges, prefix = null } = content;
    this.#bridges = new BridgeSubnets(instance, pool, { bridges, prefix }, () => randomBytes(5));
    this.#leases = content.leases;
    this.damage = damage;
    this.#file = new KeptFile(leaseFile(instance), () => this.#text());
  }

  /**
   * What was given out so far. A damaged file is moved aside (`leases.json.broken-TIME`): jails that run keep what they
   * have. Throws SystemError when it cannot be read or moved.
   * @param now milliseconds since 1970, for the name of a damaged file
   */
  static open(instance: Instance, now: number, pool: SubnetPool): LeaseStore {
    const consequence = 'addresses are given out anew, but to jails that run';
    const { content, damage } = readKept(leaseFile(instance), isLeaseFile, now, consequence);
    return new LeaseStore(instance, pool, content ?? { version: 1, leases: {}, bridges: {} }, damage);
  }

  /** Takes note of all jails of the files: what they write is given to nobody, and they keep what they were given. */
  acquaint(jails: readonly Jail[]): void {
    this.#known.acquaint(jails);
  }

  /** Takes note of what a jail has that an earlier jaild has left running. */
  hold(jail: string, addresses: readonly string[]): void {
    this.#known.hold(jail, addresses);
  }

  /**
   * The host's addresses on the jail's bridge and those that the jail is given; null for one on no bridge that jaild
   * makes. Rejects with SystemError (ENOSPC: no subnet or address is free; or it cannot be written down).
   * @param ofHostname addresses that the jail has by its host name
   * @param now milliseconds since 1970
   */
  async bridgeOf(
    { name, values }: Jail,
    ofHostname: readonly string[],
    now: number,
  ): Promise<BridgeFacts | null> {
    const has = this.#known.meet(name, values);
    const { bridge, 'bridge.subnet': written, gateway = [] } = values;
    if (bridge === undefined || written === undefined) return null;
    const before = { leases: this.#leases, bridges: this.#bridges.state };
    const subnets = hostSubnets(this.#subnetsOf(bridge, written), gateway);
    const answer = assignLease(this.#leases, {
      jail: name,
      families: leasedFamilies(values, ofHostname),
      subnets,
      isReserved: (address) => gateway.includes(address) || this.#known.isOfAnother(address, name),
      isKept: (jail) => this.#known.isThere(jail),
      has,
      now,
    });
    if (!answer.ok) throw full(name, answer.full, subnets);
    this.#leases = answer.leases;
    if (before.leases !== this.#leases || before.bridges !== this.#bridges.state)
      await this.#saveFor(name, before.leases);
    return { subnets, leased: answer.leased };
  }

  /** What a jail was given is free again: it is not coming back. A disk that does not take it is no matter. */
  giveBack(jail: string): void {
    this.#known.forget(jail);
    if (!Object.hasOwn(this.#leases, jail)) return;
    this.#leases = without(this.#leases, jail);
    this.#file.save().catch(() => undefined);
  }

  #subnetsOf(bridge: string, written: readonly (Subnet | 'auto')[]): readonly Subnet[] {
    const own = written.filter((one): one is Subnet => one !== 'auto');
    if (!written.includes('auto')) return own;
    const families = new Set(own.map(({ address }) => familyOf(address)));
    const chosen = this.#bridges.of(bridge, this.#known.subnets);
    return [...own, ...chosen.filter(({ address }) => !families.has(familyOf(address)))];
  }

  async #saveFor(jail: string, before: Leases): Promise<void> {
    try {
      mkdirSync(this.#instance.stateDirectory, { recursive: true, mode: 0o700 });
      await this.#file.save();
    } catch (error) {
      const had = before[jail];
      this.#leases = { ...without(this.#leases, jail), ...(had !== undefined && { [jail]: had }) };
      throw systemError(error);
    }
  }

  #text(): string {
    const { bridges, prefix } = this.#bridges.state;
    const content: LeaseFile = {
      version: 1,
      leases: this.#leases,
      bridges,
      ...(prefix !== null && { prefix }),
    };
    return `${JSON.stringify(content, null, 1)}\n`;
  }
}

const leaseFile = (instance: Instance): string => `${instance.stateDirectory}/leases.json`;

function full(jail: string, family: Family, subnets: readonly Subnet[]): SystemError {
  const of = subnets.filter(({ address }) => familyOf(address) === family);
  const names = of.map(({ address, prefix }) => `${address}/${prefix}`).join(', ');
  const hint = `every address of it is some jail's: give the bridge a larger bridge.subnet, or the jail an ${family}.addr`;
  return new SystemError('lease', constants.errno.ENOSPC, `an address of ${names} for ${jail}`, hint);
}
