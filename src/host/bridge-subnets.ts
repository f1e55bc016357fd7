import { createHash } from 'node:crypto';
import { constants } from 'node:os';
import { isOf } from '../config/values/address.js';
import { isWithin, type Subnet } from '../config/values/subnet.js';
import type { Instance } from '../plan/instance.js';
import { without } from '../plan/lease.js';
import { familyOf, type Family } from '../config/values/family.js';
import { assignSubnet, ownPrefix, type SubnetPool } from '../plan/lease-subnet.js';
import { SystemError } from './error.js';
import { hasIp6 } from './forwarding.js';
import { hostInterfaces } from './interfaces.js';
import { subnetsInUse } from './subnets-in-use.js';

/** Bridge → the subnets that were chosen for it. */
export type SubnetsByBridge = Readonly<Record<string, readonly Subnet[]>>;

export interface BridgeSubnetsState {
  readonly bridges: SubnetsByBridge;
  /** This host's own prefix, or null as long as nobody has needed it. */
  readonly prefix: Subnet | null;
}

/** Whether it is a list of subnets, of whatever a file has said. */
export function isSubnets(value: unknown): value is readonly Subnet[] {
  if (!Array.isArray(value)) return false;
  return value.every((one: unknown) => {
    if (typeof one !== 'object' || one === null) return false;
    const { address, prefix } = one as Partial<Record<keyof Subnet, unknown>>;
    if (typeof address !== 'string' || !isOf(familyOf(address), address)) return false;
    return Number.isInteger(prefix) && Number(prefix) >= 0 && Number(prefix) <= 128;
  });
}

/** Chooses subnets for bridges that are to have any: one of each family, the same as long as the pool has them. */
export class BridgeSubnets {
  #state: BridgeSubnetsState;

  /** @param random makes 5 random bytes */
  constructor(
    private readonly instance: Instance,
    private readonly pool: SubnetPool,
    state: BridgeSubnetsState,
    private readonly random: () => Uint8Array,
  ) {
    this.#state = state;
  }

  /** What is to be remembered; another object after each change. */
  get state(): BridgeSubnetsState {
    return this.#state;
  }

  /**
   * The subnets of a bridge.
   * @param written those that files give to bridges, which are nobody else's
   * @throws SystemError ENOSPC when the pool has none that is free, or netlink's
   */
  of(bridge: string, written: readonly Subnet[]): readonly Subnet[] {
    const known = Object.hasOwn(this.#state.bridges, bridge) ? this.#state.bridges[bridge] : undefined;
    const pool = this.#ownPool();
    if (known !== undefined && this.#isValid(known, bridge, pool)) return known;
    const others = without(this.#state.bridges, bridge);
    const busy = [...Object.values(others).flat(), ...written, ...subnetsInUse()];
    const families = (['ip4', 'ip6'] as const).filter(
      (family) => pool.some(({ address }) => familyOf(address) === family) && (family === 'ip4' || hasIp6()),
    );
    const chosen = families.map((family) => this.#choose(bridge, pool, family, busy));
    if (chosen.length === 0) throw none(bridge, 'subnet', 'network.subnets of jaild.ini has none to give');
    this.#state = { ...this.#state, bridges: { ...others, [bridge]: chosen } };
    return chosen;
  }

  /** One that the pool has no more is kept as long as there are jails on it. */
  #isValid(known: readonly Subnet[], bridge: string, pool: readonly Subnet[]): boolean {
    const isOfPool = known.every(({ address }) => pool.some((one) => isWithin(address, one)));
    return isOfPool || hostInterfaces().some(({ name }) => name === bridge);
  }

  #choose(bridge: string, pool: readonly Subnet[], family: Family, busy: readonly Subnet[]): Subnet {
    const subnet = assignSubnet(pool, family, this.#start(), busy);
    if (subnet !== null) return subnet;
    const kind = family === 'ip4' ? 'IPv4 subnet' : 'IPv6 subnet';
    throw none(
      bridge,
      kind,
      'all that network.subnets of jaild.ini has is used: give it more, or write bridge.subnet out',
    );
  }

  /** Instances of one host begin at different places: they do not know of each other's bridges while those are not there. */
  #start(): number {
    const { prefix } = this.instance;
    return prefix === '' ? 0 : createHash('sha256').update(prefix).digest().readUInt32BE(0);
  }

  #ownPool(): readonly Subnet[] {
    return this.pool.map((one) => {
      if (one !== 'auto') return one;
      const prefix = this.#state.prefix ?? ownPrefix(this.random());
      if (this.#state.prefix === null) this.#state = { ...this.#state, prefix };
      return prefix;
    });
  }
}

function none(bridge: string, kind: string, hint: string): SystemError {
  return new SystemError('assign', constants.errno.ENOSPC, `${kind} for bridge ${bridge}`, hint);
}
