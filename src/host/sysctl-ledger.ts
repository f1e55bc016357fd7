import { readJson, writeAtomically } from './files.js';
import { SystemError } from './error.js';
import { readSysctl, writeSysctl } from './sysctl.js';

/** A sysctl as a jail needs it. */
export interface NeededSysctl {
  readonly name: string;
  readonly value: string;
  /** It is only needed so where it is this otherwise. */
  readonly insteadOf?: string;
  /** Sysctls that have the value by themselves and lose it when this one goes back. */
  readonly spares?: readonly string[];
}

/** A sysctl that is not what it was, and for whom. */
interface Loan {
  readonly name: string;
  readonly before: string;
  readonly value: string;
  readonly spares: readonly string[];
  readonly holders: readonly string[];
}

interface Page {
  /** Numbers of interfaces and what they are set to mean nothing in another boot. */
  readonly boot: string;
  readonly loans: readonly Loan[];
}

const isPage = (value: unknown): value is Page =>
  typeof value === 'object' &&
  value !== null &&
  'boot' in value &&
  'loans' in value &&
  Array.isArray(value.loans);

/**
 * The sysctls that are set for jails on interfaces that are not jaild's: what each was, and which jails need it. The last
 * of them gives it back; one that somebody else has set meanwhile stays as it is. A file below the run directory keeps it
 * for the jaild that comes after a crash; it is touched only for jails that need something.
 */
export class SysctlLedger {
  readonly #file: string;
  readonly #boot: string;
  /** In the order of lending; they are given back in the opposite one. */
  #loans: readonly Loan[];
  /** What was wrong with the file, or null. */
  readonly damage: SystemError | null = null;

  constructor(runDirectory: string, boot: string) {
    this.#file = `${runDirectory}/sysctls`;
    this.#boot = boot;
    try {
      const page = readJson(this.#file, isPage);
      this.#loans = page?.boot === boot ? page.loans : [];
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
  hold(jail: string, part: string, needed: readonly NeededSysctl[]): void {
    const holder = `${jail} ${part}`;
    if (needed.length === 0) return this.#drop((one) => one === holder);
    const isKept = (name: string): boolean => needed.some((one) => one.name === name);
    const before = this.#loans;
    try {
      for (const one of needed) this.#lend(holder, one);
      if (this.#loans !== before) this.#write();
      for (const { name, value, holders } of this.#loans)
        if (holders.includes(holder) && isKept(name) && readSysctl(name) !== value) writeSysctl(name, value);
    } catch (error) {
      this.#drop((one) => one === holder);
      throw error;
    }
    this.#drop((one, name) => one === holder && !isKept(name));
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
  }

  #lend(holder: string, { name, value, insteadOf, spares = [] }: NeededSysctl): void {
    const known = this.#loans.find((loan) => loan.name === name);
    if (known !== undefined) {
      if (known.value === value && known.holders.includes(holder)) return;
      const holders = [...new Set([...known.holders, holder])];
      this.#loans = this.#loans.map((loan) => (loan === known ? { ...loan, value, holders } : loan));
      return;
    }
    const before = readSysctl(name);
    if (before === value || (insteadOf !== undefined && before !== insteadOf)) return;
    if (before === null) return writeSysctl(name, value); // it says what is wrong
    this.#loans = [...this.#loans, { name, before, value, spares, holders: [holder] }];
  }

  #drop(isOver: (holder: string, name: string) => boolean): void {
    const left = this.#loans.map((loan) => ({
      ...loan,
      holders: loan.holders.filter((holder) => !isOver(holder, loan.name)),
    }));
    if (left.every((loan, index) => loan.holders.length === this.#loans[index]?.holders.length)) return;
    for (const loan of left.filter(({ holders }) => holders.length === 0).reverse()) giveBack(loan);
    this.#loans = left.filter(({ holders }) => holders.length > 0);
    this.#write();
  }

  #write(): void {
    const page: Page = { boot: this.#boot, loans: this.#loans };
    writeAtomically(this.#file, `${JSON.stringify(page)}\n`);
  }
}

const jailOf = (holder: string): string => holder.split(' ')[0] ?? '';

/** An interface that is gone, or has other values by now, needs nothing. */
function giveBack({ name, before, value, spares }: Loan): void {
  if (readSysctl(name) !== value) return;
  const spared = spares.filter((one) => readSysctl(one) === value);
  writeSysctl(name, before);
  for (const one of spared) writeSysctl(one, value);
}
