import { resourceOf, type ResourceName } from '../config/rctl/resources.js';
import { isLimit, ruleText, type RctlRule } from '../config/rctl/rule.js';
import type { Host } from '../host/host.js';
import { signalNumber } from '../host/signal.js';
import type { Clock } from './clock.js';
import { failureOf } from './exits.js';
import type { Incarnation } from './incarnation.js';
import type { SupervisedJail } from './jail.js';
import type { Journal } from './events/journal.js';
import { isUp, shown } from './lifecycle.js';
import type { Log } from './log.js';

/** Milliseconds between two looks at what jails use. */
const INTERVAL = 2000;

/** What the watch needs of the supervisor. */
export interface WatchSurroundings {
  readonly clock: Clock;
  readonly host: Host;
  readonly log: Log;
  readonly journal: Journal;
  readonly signal: (jail: string, signal: number) => void;
}

/** A jail that is looked at. */
interface Watched {
  readonly life: Incarnation;
  rules: readonly RctlRule[];
  /** Rules whose amount is exceeded now. */
  readonly exceeded: Set<string>;
  /** Counters at the last look, of which rates are made. */
  readonly counters: Map<ResourceName, { readonly count: number; readonly at: number }>;
  /** Resources that this host does not count, once told. */
  readonly unmeasured: Set<ResourceName>;
}

const isRate = (resource: ResourceName): boolean =>
  resource === 'pcpu' || resourceOf(resource).unit.endsWith('/s');

/** The rules that only somebody who looks can keep: log, devctl and signals. */
function watchedRules(jail: SupervisedJail): readonly RctlRule[] {
  if (!isUp(jail.phase)) return [];
  return (jail.life?.jail.values.rctl ?? []).filter(
    (rule) => !isLimit(rule) && resourceOf(rule.resource).watched,
  );
}

/** Keeps the rules of rctl(8) that the kernel does not: looks at jails that have some, and at no other. */
export class LimitsWatch {
  private readonly watched = new Map<SupervisedJail, Watched>();
  private isArmed = false;

  constructor(private readonly around: WatchSurroundings) {}

  /** A jail is in another state, or may have other rules. */
  note(jail: SupervisedJail): void {
    const { life } = jail;
    const rules = watchedRules(jail);
    if (life === null || rules.length === 0) return void this.watched.delete(jail);
    const known = this.watched.get(jail);
    if (known?.life === life) known.rules = rules;
    else
      this.watched.set(jail, {
        ...{ life, rules, exceeded: new Set() },
        ...{ counters: new Map(), unmeasured: new Set() },
      });
    this.arm();
  }

  /** One timer for all; when nobody is left to look at, none. */
  private arm(): void {
    if (this.isArmed || this.watched.size === 0) return;
    this.isArmed = true;
    this.around.clock.setTimeout(INTERVAL, () => {
      this.isArmed = false;
      for (const [jail, watched] of [...this.watched]) this.look(jail, watched);
      this.arm();
    });
  }

  private look(jail: SupervisedJail, watched: Watched): void {
    const amounts = new Map<ResourceName, number | null>();
    try {
      for (const { resource } of watched.rules)
        if (!amounts.has(resource)) amounts.set(resource, this.measure(watched, resource));
    } catch (error) {
      // Its cgroup may be on its way out.
      this.around.log.child(jail.name).debug(() => failureOf(error).message);
      return;
    }
    for (const rule of watched.rules) this.compare(jail, watched, rule, amounts.get(rule.resource) ?? null);
  }

  /** @returns null where there is nothing to compare with yet */
  private measure(watched: Watched, resource: ResourceName): number | null {
    const { clock, host, log } = this.around;
    const { life, counters, unmeasured } = watched;
    if (resource === 'wallclock') return life.upMs / 1000;
    const count = host.usage(life.plan?.cgroups ?? [], resource);
    if (count === null && !unmeasured.has(resource)) {
      unmeasured.add(resource);
      log.child(life.jail.name).warn(`rctl: this host does not count ${resource}`);
    }
    if (count === null || !isRate(resource)) return count;
    const [last, at] = [counters.get(resource), clock.monotonic()];
    counters.set(resource, { count, at });
    if (last === undefined || at <= last.at) return null;
    return (((count - last.count) * 1000) / (at - last.at)) * (resource === 'pcpu' ? 100 : 1);
  }

  /** A rule acts when its amount is passed, and again when it is passed after it was not. */
  private compare(jail: SupervisedJail, { exceeded }: Watched, rule: RctlRule, amount: number | null): void {
    const text = ruleText(rule);
    if (amount === null) return;
    if (amount <= rule.amount) return void exceeded.delete(text);
    if (exceeded.has(text)) return;
    exceeded.add(text);
    this.act(jail, rule, amount);
  }

  private act(jail: SupervisedJail, rule: RctlRule, amount: number): void {
    const log = this.around.log.child(jail.name);
    const { resource, action } = rule;
    const words = `rctl: ${ruleText(rule)} is exceeded: ${resource} is ${Math.floor(amount)} (${resourceOf(resource).unit})`;
    if (action === 'log') return log.warn(words);
    if (action === 'devctl') {
      const notification = devctlText(jail, rule);
      this.tell(jail, rule, notification);
      return log.warn(notification);
    }
    const signal = signalNumber(action.toUpperCase());
    if (signal === null) return;
    this.tell(jail, rule, words);
    log.warn(`${words}: ${action.toUpperCase()} is sent`);
    this.around.signal(jail.name, signal);
  }

  private tell(jail: SupervisedJail, rule: RctlRule, detail: string): void {
    const state = shown(jail.phase);
    const at = new Date(this.around.clock.now());
    this.around.journal.append({
      kind: 'limit',
      at,
      jail: jail.name,
      from: state,
      to: state,
      cause: `rctl ${ruleText(rule)}`,
      detail,
    });
  }
}

/** The fields that devd(8) of FreeBSD is given (rctl(8)); the process is the jail's first one. */
function devctlText({ name, jailer }: SupervisedJail, { resource, action, amount }: RctlRule): string {
  const rule = `jail:${name}:${resource}:${action}=${amount}`;
  return `system=RCTL subsystem=rule type=matched rule=${rule} pid=${jailer?.initPid ?? 0} ruid=0 jail=${name}`;
}
