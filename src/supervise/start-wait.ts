import type { Clock } from './clock.js';
import type { SupervisedJail } from './jail.js';
import { shown } from './lifecycle.js';
import type { Outcome, StartOptions, StartProgress } from './operations.js';
import type { Roster } from './roster.js';

export interface WaitContext extends StartOptions {
  readonly roster: Roster;
  readonly clock: Clock;
  readonly progress?: StartProgress | undefined;
}

/** Milliseconds between two words on what is being waited for. */
const BEAT_MS = 1000;

/** Tells each second what a start waits for until `end` is there, and for no longer than somebody wants to wait. */
export function withinTime(
  jail: SupervisedJail,
  context: WaitContext,
  end: Promise<Outcome>,
): Promise<Outcome> {
  const { clock, progress, timeoutMs } = context;
  const began = clock.monotonic();
  return new Promise((resolve, reject) => {
    const timers = new Map<'beat' | 'end', () => void>();
    const beat = (): void => {
      progress?.(`${jail.name}: ${doingOf(jail, context)}`, Math.round((clock.monotonic() - began) / 1000));
      timers.set('beat', clock.setTimeout(BEAT_MS, beat));
    };
    const disarm = (): void => timers.forEach((cancel) => cancel());
    if (progress !== undefined) timers.set('beat', clock.setTimeout(BEAT_MS, beat));
    if (timeoutMs !== undefined)
      timers.set(
        'end',
        clock.setTimeout(timeoutMs, () => {
          disarm();
          resolve(notYet(jail, context, timeoutMs / 1000));
        }),
      );
    end.finally(disarm).then(resolve, reject);
  });
}

/** "starting, waiting for READY=1 (loading tables)" */
function doingOf(jail: SupervisedJail, { roster }: WaitContext): string {
  const missing = jail.phase === 'waiting' ? roster.missing(jail) : [];
  const waits = missing.length > 0 ? `waiting for ${missing.join(', ')}` : jail.awaits;
  const says = jail.minding?.said.status ?? null;
  return `${shown(jail.phase)}${waits === null ? '' : `, ${waits}`}${says === null ? '' : ` (${says})`}`;
}

function notYet(jail: SupervisedJail, context: WaitContext, seconds: number): Outcome {
  return {
    jail: jail.name,
    ok: false,
    changed: true,
    message: `not ready after ${seconds} s: ${doingOf(jail, context)}`,
    hint: `it goes on starting: jailctl status ${jail.name} shows how it does`,
    code: 1,
  };
}
