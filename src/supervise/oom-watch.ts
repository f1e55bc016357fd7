import type { Host } from '../host/host.js';
import type { Clock } from './clock.js';
import { failureOf } from './exits.js';
import type { Incarnation } from './incarnation.js';
import type { SupervisedJail } from './jail.js';
import type { Journal } from './events/journal.js';
import { isUp, shown } from './lifecycle.js';
import type { Log } from './log.js';

/** Where the host keeps no count of all kills, each jail's own is looked at once in so many looks. */
const LOOKS_WITHOUT_COUNT = 15;
/** A jail that ends of it has ended after so many milliseconds: then its exit tells of it. */
const GRACE = 300;

export interface OomSurroundings {
  readonly clock: Clock;
  readonly host: Host;
  readonly log: Log;
  readonly journal: Journal;
}

interface Known {
  readonly life: Incarnation;
  kills: number;
}

/**
 * Sees that a process of a jail was killed for want of memory while the jail goes on. The kernel counts such kills for
 * the whole host as well: only when that count has changed, jails are asked for theirs.
 */
export class OomWatch {
  private readonly known = new Map<SupervisedJail, Known>();
  private hostKills: number | null = null;
  private looks = 0;

  constructor(private readonly around: OomSurroundings) {}

  /** A jail is in another state. */
  note(jail: SupervisedJail): void {
    const { life } = jail;
    if (life === null || !isUp(jail.phase)) return void this.known.delete(jail);
    if (this.known.get(jail)?.life === life) return;
    this.known.set(jail, { life, kills: life.oomKills });
  }

  /** Looks whether somebody was killed. Costs one small file while nobody was. */
  look(): void {
    if (this.known.size === 0 || !this.mayHaveChanged()) return;
    for (const [jail, known] of this.known) this.lookAt(jail, known);
  }

  /** How many were told of, maybe by an earlier jaild; 0 for none. */
  private toldOf(name: string, life: Incarnation): number {
    const told = this.around.journal
      .since(0)
      .findLast(({ kind, jail, data }) => kind === 'oom' && jail === name && data?.['launch'] === life.id);
    const total = told?.data?.['kills_total'];
    return typeof total === 'number' ? total : 0;
  }

  private mayHaveChanged(): boolean {
    const kills = this.attempt(() => this.around.host.countHostOomKills());
    if (kills === null) return this.looks++ % LOOKS_WITHOUT_COUNT === 0;
    const isSame = kills === this.hostKills;
    this.hostKills = kills;
    return !isSame;
  }

  private lookAt(jail: SupervisedJail, known: Known): void {
    const { host, clock } = this.around;
    const total = this.attempt(() => host.countOomKills(known.life.plan?.cgroups ?? []));
    if (total === null || total <= known.kills) return;
    const kills = total - Math.max(known.kills, this.toldOf(jail.name, known.life));
    known.kills = total;
    if (kills <= 0) return;
    clock.setTimeout(GRACE, () => {
      if (this.known.get(jail) === known) this.tell(jail, kills, total);
    });
  }

  /** Its cgroup may be on its way out. */
  private attempt(count: () => number | null): number | null {
    try {
      return count();
    } catch (error) {
      this.around.log.debug(() => failureOf(error).message);
      return null;
    }
  }

  private tell(jail: SupervisedJail, kills: number, total: number): void {
    const { clock, journal, log } = this.around;
    const state = shown(jail.phase);
    const detail = `${kills === 1 ? 'a process was' : `${kills} processes were`} killed, the jail goes on`;
    journal.append({
      kind: 'oom',
      at: new Date(clock.now()),
      jail: jail.name,
      from: state,
      to: state,
      cause: 'out of memory',
      detail,
      data: { kills, kills_total: total, launch: jail.life?.id ?? null },
    });
    log.child(jail.name).warn(`out of memory: ${detail}`);
  }
}
