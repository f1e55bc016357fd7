import { families, familyOf, type Family } from '../config/values/family.js';
import { linksInDetail } from './interfaces.js';
import { withNetlink, type NetlinkSocket } from './netlink.js';
import { JAILS_GROUP } from './netlink-link.js';
import { addRule, decodeRule, deleteRule, dumpRules, type Rule } from './netlink-rule.js';
import { readSysctl, WHOLE_HOST } from './sysctl.js';

/** Rules of an instance are asked one after another: who may pass, who may not, and where those go on who may. */
const [PASS, STOP, ON] = [100, 400, 700];
/** Instances whose rules can be told from each other. */
const INSTANCES = 250;

/** Milliseconds between two looks whether the host has been made a router. */
const LOOK = 2000;

/** By which others make the whole host a router, as Docker and libvirt do when they start. */
const ROUTER = { ip4: 'ipv4/conf/all/forwarding', ip6: WHOLE_HOST } as const;

/**
 * What keeps the host from passing on packets between its own interfaces, where it passes them on for jails only: what comes
 * in by an interface that forwarding was lent to finds ways to jails' links and bridges, which are of a link group of their own
 * (ip-link(8)), and else none, as before. Rules of policy routing do it (ip-rule(8), suppress_ifgroup): they need no nft(8)
 * and hold whatever becomes of jaild. They also tell one jaild what another has lent. Where somebody makes the whole host a
 * router, it is one for all, and the rules go.
 */
export class Gate {
  readonly #number: number;
  /** What is in force, to be asked for only once. */
  #standing: string | null = null;
  /** What settle() was last asked for. */
  #asked: { readonly lent: readonly string[]; readonly guests: readonly string[] } = { lent: [], guests: [] };
  #watch: NodeJS.Timeout | null = null;

  /** @param key that of the instance: 8 hex digits, or '' */
  constructor(key: string) {
    this.#number = key === '' ? 0 : 1 + (parseInt(key, 16) % (INSTANCES - 1));
  }

  /**
   * Guards the interfaces on which these sysctls are lent, and no others.
   * @param guests addresses of jails that are on somebody else's bridge
   * @throws SystemError
   */
  settle(lent: readonly string[], guests: readonly string[]): void {
    this.#asked = { lent, guests };
    this.#keepWatch(lent.length > 0);
    const routers = families.filter((family) => isRouter(family, lent));
    const text = JSON.stringify([lent, guests, routers]);
    if (text === this.#standing && !lent.includes(WHOLE_HOST)) return;
    withNetlink((host) => {
      const wanted = this.#rulesFor(guarded(host, lent), guests).filter(
        ({ family }) => !routers.includes(family),
      );
      const own = [PASS, STOP, ON].map((first) => first + this.#number);
      const there = rulesOf(host).filter(({ priority }) => own.includes(priority));
      // Who is to pass is let through before others are held back, and as long.
      const fresh = missingIn(there, wanted).map(addRule);
      const old = [...missingIn(wanted, there)].sort((a, b) => b.priority - a.priority).map(deleteRule);
      if (fresh.length + old.length > 0) host.request([...fresh, ...old]);
    });
    this.#standing = text;
  }

  /** The kernel tells nobody that a sysctl was written. */
  #keepWatch(needed: boolean): void {
    if (needed === (this.#watch !== null)) return;
    if (this.#watch !== null) clearInterval(this.#watch);
    this.#watch = needed ? setInterval(() => this.#lookAgain(), LOOK).unref() : null;
  }

  #lookAgain(): void {
    try {
      this.settle(this.#asked.lent, this.#asked.guests);
    } catch {
      // Whoever changes something next is told.
    }
  }

  /** Looks again at what is in force when settle() is called next. */
  doubt(): void {
    this.#standing = null;
  }

  /** Whether another jaild lends sysctls on the interface of this one. Throws SystemError. */
  isOthersToo(sysctl: string): boolean {
    const [, version, name = ''] = /^ipv([46])\/(?:conf|neigh)\/([^/]+)\//.exec(sysctl) ?? [];
    const family = version === '4' ? 'ip4' : 'ip6';
    return withNetlink(rulesOf).some(
      (rule) =>
        rule.action === 'blackhole' &&
        rule.family === family &&
        rule.priority !== STOP + this.#number &&
        (rule.comesBy === name || sysctl === WHOLE_HOST),
    );
  }

  #rulesFor(
    interfaces: Readonly<Record<Family, readonly string[]>>,
    guests: readonly string[],
  ): readonly Rule[] {
    const at = (first: number): number => first + this.#number;
    return families.flatMap((family) => {
      const own = guests.filter((address) => familyOf(address) === family);
      const passing = own.flatMap((address) => [`from ${address}`, `to ${address}`]);
      const base = { family, about: null };
      const on: Rule = { ...base, priority: at(ON), comesBy: null, action: 'nop' };
      const rules = interfaces[family].flatMap((comesBy): readonly Rule[] => [
        { ...base, priority: at(PASS), comesBy, action: 'lookup' },
        ...passing.map((about) => ({ family, priority: at(PASS), comesBy, about, action: { goto: at(ON) } })),
        { ...base, priority: at(STOP), comesBy, action: 'blackhole' },
      ]);
      return rules.length > 0 && own.length > 0 ? [on, ...rules] : rules;
    });
  }
}

/** Somebody else has made the host a router. */
const isRouter = (family: Family, lent: readonly string[]): boolean =>
  !lent.includes(ROUTER[family]) && readSysctl(ROUTER[family]) === '1';

const rulesOf = (host: NetlinkSocket): readonly Rule[] =>
  (host.request([dumpRules()])[0] ?? []).flatMap((body) => decodeRule(body) ?? []);

const missingIn = (some: readonly Rule[], all: readonly Rule[]): readonly Rule[] => {
  const known = new Set(some.map((rule) => JSON.stringify(keyOf(rule))));
  return all.filter((rule) => !known.has(JSON.stringify(keyOf(rule))));
};

const keyOf = ({ family, priority, comesBy, about, action }: Rule): readonly unknown[] => [
  family,
  priority,
  comesBy,
  about,
  action,
];

/** Interfaces whose forwarding is lent. What comes "in" by lo is the host's own. */
function guarded(host: NetlinkSocket, lent: readonly string[]): Readonly<Record<Family, readonly string[]>> {
  const matching = (pattern: RegExp): readonly string[] =>
    lent.flatMap((name) => pattern.exec(name)?.[1] ?? []).filter((name) => name !== 'lo');
  return {
    ip4: matching(/^ipv4\/conf\/([^/]+)\/forwarding$/),
    ip6: lent.includes(WHOLE_HOST) ? foreign(host) : matching(/^ipv6\/conf\/([^/]+)\/force_forwarding$/),
  };
}

const foreign = (host: NetlinkSocket): readonly string[] =>
  linksInDetail(host)
    .filter(({ name, group }) => name !== 'lo' && group !== JAILS_GROUP)
    .map(({ name }) => name);
