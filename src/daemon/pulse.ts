import type { Operations, State } from '../supervise/operations.js';
import type { Notifier } from './notify.js';

/** What is looked at now and then is looked at every so many milliseconds. */
const PULSE_MS = 2000;

/** The jails by state, in the words of `systemctl status`: "3 jails: 2 running, 1 failed". */
export function statusLine(states: readonly State[]): string {
  const counts = new Map<State, number>();
  for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
  const parts = [...counts].sort(([, one], [, other]) => other - one).map(([state, n]) => `${n} ${state}`);
  const jails = `${states.length} ${states.length === 1 ? 'jail' : 'jails'}`;
  return parts.length === 0 ? jails : `${jails}: ${parts.join(', ')}`;
}

export interface PulseOptions {
  readonly operations: Pick<Operations, 'glance' | 'journal'>;
  readonly notifier: Notifier;
  readonly look: () => void;
}

/** Looks, and keeps the service manager told how jails are. @returns what ends it */
export function beginPulse({ operations, notifier, look }: PulseOptions): () => void {
  let told = '';
  let seen = -1;
  const beat = (): void => {
    look();
    if (operations.journal.last === seen) return;
    seen = operations.journal.last;
    const line = statusLine(operations.glance().map(({ state }) => state));
    if (line !== told) notifier.status(line);
    told = line;
  };
  beat();
  const timer = setInterval(beat, PULSE_MS);
  return () => clearInterval(timer);
}
