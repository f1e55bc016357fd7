import type { Family } from '../config/values/family.js';
import { readJson, writeAtomically } from './files.js';
import { SystemError } from './error.js';
import type { Gate } from './gate.js';
import { readSysctl, writeSysctl } from './sysctl.js';

/** A sysctl as a jail needs it. */
export interface NeededSysctl {
  readonly name: string;
  readonly value: string;
  /** It is only needed so where it is this otherwise. */
  readonly insteadOf?: string;
  /** Sysctls that have the value by themselves and lose it when this one goes back. */
  readonly spares?: readonly string[];
  /** It is of an interface that anybody may take away at any time: then nothing is needed of it. */
  readonly mayGo?: boolean;
}

/** A sysctl that is not what it was, and for whom. */
interface Loan {
  readonly name: string;
  readonly before: string;
  readonly value: string;
  readonly spares: readonly string[];
  readonly holders: readonly string[];
}

/** What else is to be known of a part of a jail that holds something. */
export interface Claim {
  /** Addresses of the jail on a bridge of somebody else, where the guard would not know it by its link. */
  readonly guests: readonly string[];
  /** Families that it needs forwarded on every interface of the host, also on those that come later. */
  readonly everywhere: readonly Family[];
}

const NO_CLAIM: Claim = { guests: [], everywhere: [] };

interface Page {
  /** Numbers of interfaces and what they are set to mean nothing in another boot. */
  readonly boot: string;
  readonly loans: readonly Loan[];
  /** By holder. */
  readonly claims: Readonly<Record<string, Claim>>;
}

const isPage = (value: unknown): value is Page =>
  typeof value === 'object' &&
  value !== null &&
  'boot' in value &&
  'loans' in value &&
  Array.isArray(value.loans) &&
  'claims' in value &&
  typeof value.claims === 'object';

/**
 * The sysctls that are set for jails on interfaces that are not jaild's: what each was, and which jails need it. The last
 * of them gives it back; one that somebody else has set meanwhile stays as it is. A file below the run directory keeps it
 * for the jaild that comes after a crash; it is touched only for jails that need something. Interfaces that were told to
 * forward are guarded by a gate, and what another jaild lends, too, is left to the last of them where the gate knows of it.
 */
export class SysctlLedger {
  readonly #file: string;
  readonly #boot: string;
  /** In the order of lending; they are given back in the opposite one. */
  #loans: readonly Loan[];
  #claims: Readonly<Record<string, Claim>> = {};
  readonly #gate: Gate;
  /** What was wrong with the file, or null. */
  readonly damage: SystemError | null = null;

  constructor(runDirectory: string, boot: string, gate: Gate) {
    this.#gate = gate;
    this.#file = `${runDirectory}/sysctls`;
    this.#boot = boot;
    try {
      const page = readJson(this.#file, isPage);
      this.#loans = page?.boot === boot ? page.loans : [];
      this.#claims = page?.boot === boot ? page.claims : {};
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.damage = error;
      this.#loans = [];
    }
  }

  /**
   * Sets what a part of a jail needs, in place of what it needed before.
   * @param part "network", "firewall": several of one jail do not know of each other
   * @throws SystemError when one cannot be set; then none is held
   */
  hold(jail: string, part: string, needed: readonly NeededSysctl[], claim = NO_CLAIM): void {
    const holder = `${jail} ${part}`;
    if (needed.length === 0 && claim.everywhere.length === 0) return this.#drop((one) => one === holder);
    const isKept = (name: string): boolean => needed.some((one) => one.name === name);
    try {
      this.#take(holder, needed, claim);
    } catch (error) {
      this.#drop((one) => one === holder);
      throw error;
    }
    this.#drop((one, name) => one === holder && name !== null && !isKept(name));
  }

  /**
   * Sets what interfaces need that came after jails which need it of all, and guards what is lent, whoever took that away.
   * @param everywhere what is needed for a family now
   * @throws SystemError
   */
  renew(everywhere: (family: Family) => readonly NeededSysctl[]): void {
    this.#gate.doubt();
    for (const [holder, claim] of Object.entries(this.#claims))
      this.#take(holder, claim.everywhere.flatMap(everywhere), claim);
    this.#settle();
  }

  #take(holder: string, needed: readonly NeededSysctl[], claim: Claim): void {
    const before = this.#loans;
    for (const one of needed) this.#lend(holder, one);
    const isNews = JSON.stringify(this.#claims[holder] ?? NO_CLAIM) !== JSON.stringify(claim);
    if (isNews) this.#claims = { ...this.#claims, [holder]: claim };
    if (this.#loans !== before || isNews) this.#write();
    this.#settle(); // nobody passes before it
    const wanted = new Map(needed.map((one) => [one.name, one]));
    for (const { name, value, holders } of this.#loans) {
      const one = holders.includes(holder) ? wanted.get(name) : undefined;
      if (one !== undefined && readSysctl(name) !== value) setNeeded({ ...one, value });
    }
  }

  /** Whether all that was set for a jail still is: an interface that is there anew has its own again. */
  isInForce(jail: string): boolean {
    const isOf = ({ holders }: Loan): boolean => holders.some((holder) => jailOf(holder) === jail);
    return this.#loans.every((loan) => !isOf(loan) || readSysctl(loan.name) === loan.value);
  }

  /** Gives back what a jail needed and no other does. Throws SystemError. */
  release(jail: string): void {
    this.#drop((holder) => jailOf(holder) === jail);
  }

  /** Gives back what jails needed that are not among these. Throws SystemError. */
  keepOnly(jails: ReadonlySet<string>): void {
    this.#drop((holder) => !jails.has(jailOf(holder)));
    this.#settle();
  }

  #lend(holder: string, needed: NeededSysctl): void {
    const { name, value, insteadOf, spares = [] } = needed;
    const known = this.#loans.find((loan) => loan.name === name);
    if (known !== undefined) {
      if (known.value === value && known.holders.includes(holder)) return;
      const holders = [...new Set([...known.holders, holder])];
      this.#loans = this.#loans.map((loan) => (loan === known ? { ...loan, value, holders } : loan));
      return;
    }
    const now = readSysctl(name);
    const before = now === value && this.#gate.isOthersToo(name) ? (insteadOf ?? usualOf(name)) : now;
    if (before === value || (insteadOf !== undefined && before !== insteadOf)) return;
    if (before === null) return setNeeded(needed); // it says what is wrong
    this.#loans = [...this.#loans, { name, before, value, spares, holders: [holder] }];
  }

  /** @param isOver asked for each sysctl of a holder, and with null for its claim */
  #drop(isOver: (holder: string, name: string | null) => boolean): void {
    const claims = Object.entries(this.#claims).filter(([holder]) => !isOver(holder, null));
    const left = this.#loans.map((loan) => ({
      ...loan,
      holders: loan.holders.filter((holder) => !isOver(holder, loan.name)),
    }));
    const isSame = left.every((loan, index) => loan.holders.length === this.#loans[index]?.holders.length);
    if (isSame && claims.length === Object.keys(this.#claims).length) return;
    for (const loan of left.filter(({ holders }) => holders.length === 0).reverse())
      if (!this.#gate.isOthersToo(loan.name)) giveBack(loan);
    this.#loans = left.filter(({ holders }) => holders.length > 0);
    this.#claims = Object.fromEntries(claims);
    this.#write();
    this.#settle(); // nobody passes any more
  }

  #settle(): void {
    const guests = Object.values(this.#claims).flatMap((claim) => claim.guests);
    this.#gate.settle(
      this.#loans.map(({ name }) => name),
      guests,
    );
  }

  #write(): void {
    const page: Page = { boot: this.#boot, loans: this.#loans, claims: this.#claims };
    writeAtomically(this.#file, `${JSON.stringify(page)}\n`);
  }
}

/** What the kernel has by default: what another jaild has found there before it lent it can't be known. arp(7). */
const usualOf = (name: string): string => (name.endsWith('/proxy_delay') ? '80' : '0');

const jailOf = (holder: string): string => holder.split(' ')[0] ?? '';

/** Throws SystemError, unless it is of an interface that has gone, and may. */
function setNeeded({ name, value, mayGo = false }: Pick<NeededSysctl, 'name' | 'value' | 'mayGo'>): void {
  try {
    writeSysctl(name, value);
  } catch (error) {
    if (!mayGo || readSysctl(name) !== null) throw error;
  }
}

/** An interface that is gone, or has other values by now, needs nothing. */
function giveBack({ name, before, value, spares }: Loan): void {
  if (readSysctl(name) !== value || isOfRouter(name, value)) return;
  const spared = spares.filter((one) => readSysctl(one) === value);
  setNeeded({ name, value: before, mayGo: true });
  for (const one of spared) setNeeded({ name: one, value, mayGo: true });
}

/** Somebody has made the whole host a router since, and that is part of it. */
function isOfRouter(name: string, value: string): boolean {
  const [, family, link] = /^(ipv[46])\/conf\/([^/]+)\/forwarding$/.exec(name) ?? [];
  return link !== undefined && link !== 'all' && readSysctl(`${family}/conf/all/forwarding`) === value;
}
