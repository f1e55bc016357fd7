import type { Jail } from '../config/compile.js';
import type { Ended, JailerPhase } from '../host/host.js';
import type { LifeEvent } from './lifecycle.js';
import type { History } from './history.js';
import type { Standing } from '../plan/standing.js';
import type { LaunchMode } from '../plan/launch.js';
import type { Incarnation } from './incarnation.js';
import type { Health, SavedHealth } from './health/health.js';
import type { Said } from './health/minding.js';
import type { Doing, JailRecord, SavedJail } from './records.js';

/** What an earlier jaild left of a jail, as an event of its life. */
export interface Finding {
  readonly event: LifeEvent;
  /** It was only half built: it is taken down and built again, which is no failure. */
  readonly halfBuilt: boolean;
  /** How it ended while nobody looked. */
  readonly ended?: { readonly ended: Ended; readonly cause: string | null; readonly at?: Date };
}

const LOST: Ended = { how: 'signal', code: 9 };

/**
 * Finds out where a jail is from its record, its jailer's word (null when none is alive) and its exit record.
 * Identity is the launch, checked by the caller: a record of another boot or launch is not of this jail.
 */
export function classify(
  record: JailRecord,
  jailer: JailerPhase | null,
  exit: { readonly ended: Ended; readonly at: Date } | null,
): Finding {
  const { doing } = record;
  if (doing === 'backoff' || doing === 'ended' || doing === 'failed')
    return { event: `found-${doing}`, halfBuilt: false };
  if (exit !== null) {
    // While it was cleaned its end was known already, and maybe more of it than can be found out now.
    const isKnown = doing === 'cleaning' && record.exit?.launch === record.launch;
    return { event: 'found-exited', halfBuilt: false, ...(!isKnown && { ended: { cause: null, ...exit } }) };
  }
  if (jailer === null || jailer === 'exited') return withoutJailer(record);
  if (jailer === 'created' || doing === 'cleaning') return { event: 'found-half', halfBuilt: true };
  if (doing === 'stopping') return { event: 'found-stopping', halfBuilt: false };
  if (jailer !== 'running') return { event: 'found-starting', halfBuilt: false };
  if (doing === 'preparing') return { event: isReady(record) ? 'found-up' : 'found-begun', halfBuilt: false };
  return { event: doing === 'paused' ? 'found-paused' : 'found-running', halfBuilt: false };
}

/** It had been ready when its record was written, or is as soon as it runs. */
function isReady({ jail, said }: JailRecord): boolean {
  return (jail.values.ready ?? 'exec') === 'exec' || said?.ready === true;
}

function withoutJailer(record: JailRecord): Finding {
  // It had ended before, and was being cleaned up: its exit is in the record.
  if (record.doing === 'cleaning') return { event: 'found-lost', halfBuilt: false };
  if (record.doing === 'preparing') return { event: 'found-lost', halfBuilt: true };
  return { event: 'found-lost', halfBuilt: false, ended: { ended: LOST, cause: 'jailer lost' } };
}

/** A jail from its record, for one whose file says something else by now, or nothing. */
export function jailOf(saved: SavedJail): Jail {
  const { name, params, values } = saved;
  return { name, failed: false, diagnostics: [], params: new Map(params), values, origin: new Map() };
}

/** What a record says of a jail's definition. */
export function savedJail(jail: Jail): SavedJail {
  return { name: jail.name, params: [...jail.params], values: jail.values };
}

/** What a record is made from. */
export interface Recordable {
  readonly name: string;
  readonly jid: number;
  readonly definition: Jail;
  readonly filed: Jail['values'] | null;
  readonly mode: LaunchMode;
  readonly life: Incarnation | null;
  readonly history: History;
  readonly minding: { readonly said: Said; readonly health: Health } | null;
  readonly standing: Standing | null;
  readonly target: 'up' | 'down';
  readonly startKept: boolean;
}

const savedHealth = ({ verdict, streak }: Health): SavedHealth => ({ verdict, streak });

/** All that a later jaild must know of a jail that is `doing` something. */
export function recordOf(jail: Recordable, doing: Doing, bootId: string): JailRecord {
  const { life, history, name, target, startKept } = jail;
  const atRest = doing === 'backoff' || doing === 'ended' || doing === 'failed';
  return {
    schema: 1,
    name,
    doing,
    bootId,
    launch: life?.id ?? '',
    jid: jail.jid,
    jail: savedJail(life?.jail ?? jail.definition),
    filed: jail.filed,
    plan: atRest ? null : (life?.plan ?? null),
    ...(atRest && jail.standing !== null && { standing: jail.standing }),
    foreground: jail.mode.foreground,
    wasUp: life?.wasUp ?? false,
    startedAt: life?.startedAt ?? null,
    begunAt: life?.begunAt ?? null,
    target,
    startKept,
    restarts: history.restarts,
    tally: history.tally,
    exit: history.exit,
    exits: history.exits,
    gaveUp: history.gaveUp,
    ...(jail.minding !== null && { said: jail.minding.said, health: savedHealth(jail.minding.health) }),
    ...(life !== null && { lostOutput: life.lostOutput }),
    oomKills: life?.oomKills ?? 0,
    commandPid: life?.commandPid ?? null,
    isSilent: life?.isSilent ?? false,
    unsettled: life?.unsettled ?? [],
    retryAt: history.retryAt,
  };
}
