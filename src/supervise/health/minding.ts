import type { Check, CheckResult } from '../../host/host.js';
import { Checkup } from './checkup.js';
import type { Clock } from '../clock.js';
import { describeEnd } from '../exits.js';
import {
  healthPolicy,
  isLenient,
  isNews,
  unknownHealth,
  type Health,
  type HealthResult,
  type SavedHealth,
} from './health.js';
import type { Incarnation } from '../incarnation.js';
import type { LifeEvent } from '../lifecycle.js';
import type { Notice } from './notices.js';
import { Watchdog } from './watchdog.js';

/** What a life of a jail has said of itself that outlives a jaild. */
export interface Said {
  readonly ready: boolean;
  readonly status: string | null;
  /** Milliseconds; null: as the file has it. */
  readonly watchdogMs: number | null;
}

export interface MindingContext {
  readonly clock: Clock;
  readonly post: (event: LifeEvent, cause: string) => void;
  /** Its health is another one now. */
  readonly turned: (health: Health, result: HealthResult) => void;
  /** A later jaild must know of what was learned. */
  readonly note: () => void;
}

/** Looks after one life of a jail: whether it is ready, well, and gives signs of life. */
export class Minding {
  said: Said = { ready: false, status: null, watchdogMs: null };
  private isAwaited = false;
  private wasAwaited = false;
  private isWatched = false;
  private readonly checkup: Checkup;
  private readonly watchdog: Watchdog;

  constructor(
    private readonly life: Incarnation,
    private readonly context: MindingContext,
  ) {
    const { clock, post } = context;
    this.watchdog = new Watchdog(clock, () => post('watchdog-missed', 'watchdog'));
    this.checkup = new Checkup(clock, {
      checks: () => life.plan?.checks ?? [],
      policy: () => this.policy,
      look: (check) => this.look(check),
      isLenient: (health) => this.isAwaited || isLenient(health, this.policy, life.upMs),
      learned: (before, result) => this.learned(before, result),
    });
  }

  get health(): Health {
    return this.checkup.health;
  }

  /** An earlier jaild has looked at it, and has heard what it said. */
  restore(said: Said | undefined, health: SavedHealth | undefined): void {
    if (said !== undefined) this.said = said;
    if (health !== undefined) this.checkup.health = { ...unknownHealth, ...health };
  }

  get isChecked(): boolean {
    return (this.life.plan?.checks ?? []).length > 0;
  }

  /** It counts as ready by what it has said, or what was seen of it. */
  get isReady(): boolean {
    const { ready = 'exec' } = this.life.jail.values;
    if (ready === 'notify') return this.said.ready;
    return ready === 'exec' || this.health.verdict === 'healthy';
  }

  /** What it was begun to be waited for and has not come yet; null: nothing. */
  get awaits(): string | null {
    if (!this.wasAwaited || this.isReady) return null;
    if (this.life.jail.values.ready === 'notify') return 'waiting for READY=1';
    const last = this.health.results.at(-1);
    if (last === undefined) return 'waiting for the first check to pass';
    const [said = ''] = last.output.trim().split('\n');
    return `waiting for a check to pass (${describeEnd(last.ended)}${said === '' ? '' : `: ${said}`})`;
  }

  /** It is looked at from now on; until it is ready for that alone. */
  begin(isAwaited: boolean): void {
    this.isAwaited = isAwaited;
    this.wasAwaited ||= isAwaited;
    const { ready } = this.life.jail.values;
    if (!isAwaited || ready === 'health') this.checkup.begin(isAwaited);
    if (isAwaited) return;
    this.isWatched = true;
    this.watchdog.begin(this.watchdogMs);
  }

  end(): void {
    this.isAwaited = false;
    this.isWatched = false;
    this.checkup.end();
    this.watchdog.end();
  }

  /** Its definition has changed. */
  review(): void {
    this.checkup.review();
  }

  /** It has told something of itself. */
  hear(notice: Notice): void {
    const { status = this.said.status, watchdogMs = this.said.watchdogMs } = notice;
    const isNew = watchdogMs !== this.said.watchdogMs;
    this.said = { ready: this.said.ready || notice.ready, status, watchdogMs };
    if (this.isWatched && isNew) this.watchdog.begin(this.watchdogMs);
    if (notice.watchdog === 'alive') this.watchdog.see();
    if (notice.watchdog === 'trigger') this.context.post('watchdog-missed', 'watchdog');
  }

  private get watchdogMs(): number {
    return this.said.watchdogMs ?? Math.round((this.life.jail.values.watchdog ?? 0) * 1000);
  }

  private get policy() {
    return healthPolicy(this.life.jail.values);
  }

  private look(check: Check): Promise<CheckResult> {
    const { jailer } = this.life;
    return jailer === null ? Promise.reject(new Error('it has no jailer')) : jailer.check(check);
  }

  private learned(before: Health, result: HealthResult): void {
    const { health, context } = this;
    if (isNews(before, health, this.policy)) context.note();
    if (health.verdict !== before.verdict) context.turned(health, result);
    if (this.isAwaited && health.verdict === 'healthy')
      return context.post('ready', 'the first check passed');
    if (health.verdict === 'unhealthy' && this.policy.action === 'restart')
      context.post('unhealthy', 'health');
  }
}
