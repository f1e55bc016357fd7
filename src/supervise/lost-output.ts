import type { JailerEvent } from '../host/host.js';
import type { LogTarget } from '../plan/log.js';

/** Output that did not get to where it should. */
export interface LostOutput {
  readonly lines: number;
  readonly bytes: number;
}

type Loss = Extract<JailerEvent, { readonly kind: 'log-dropped' | 'log-limited' }>;

export const addLost = (a: LostOutput, b: LostOutput): LostOutput => ({
  lines: a.lines + b.lines,
  bytes: a.bytes + b.bytes,
});

/** What is said of a loss in the journal of events. */
export interface LossEvent {
  readonly kind: 'limit' | 'log';
  readonly cause: string;
  readonly detail: string;
  readonly data: LostOutput & ({ readonly limit: 'log.rate' } | { readonly target: LogTarget });
}

/** A loss that a jailer tells of, as an event and in words. */
export function lossEvent(loss: Loss): LossEvent {
  const { lines, bytes } = loss;
  const amount = `${lines} lines of output (${bytes} bytes)`;
  if (loss.kind === 'log-limited') {
    const data = { limit: 'log.rate', lines, bytes } as const;
    return { kind: 'limit', cause: 'log.rate', detail: `${amount} were left out: log.rate`, data };
  }
  const { target } = loss;
  const reason = target === 'file' ? 'the log could not be written' : `${target} did not take them`;
  return {
    ...{ kind: 'log', cause: 'lost' },
    detail: `${amount} were lost: ${reason}`,
    data: { target, lines, bytes },
  };
}
