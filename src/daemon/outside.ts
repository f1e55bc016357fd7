import type { Log } from '../supervise/log.js';
import type { Operations } from '../supervise/operations.js';
import { addressText, type ListenAddress } from './listen-address.js';
import { serveMetrics } from './metrics-server.js';
import type { Metrics } from './metrics.js';
import type { Notifier } from './notify.js';
import { beginPulse } from './pulse.js';
import { beginWatchdog, watchdogMs } from './watchdog.js';

export interface OutsideOptions {
  readonly operations: Pick<Operations, 'glance' | 'journal'>;
  readonly metrics: Metrics;
  /** Where metrics can be fetched, and the group that may; null: nowhere, root. */
  readonly listen: ListenAddress | null;
  readonly group: number | null;
  readonly notifier: Notifier;
  readonly log: Log;
  /** What is to be looked at now and then. */
  readonly look: () => void;
  /** Resolves when the control socket answers. */
  readonly prove: (timeoutMs: number) => Promise<void>;
}

/** Lets jaild be watched from outside: by Prometheus, and by the service manager. @returns what ends it */
export async function beWatched(options: OutsideOptions): Promise<() => Promise<void>> {
  const { operations, notifier, log, look, prove } = options;
  const server = await listenForMetrics(options);
  notifier.ready();
  const ends = [beginPulse({ operations, notifier, look })];
  const withinMs = watchdogMs(process.env, process.pid);
  const complain = (message: string): void => log.error(message);
  if (withinMs !== null) ends.push(beginWatchdog({ withinMs, prove, beat: () => notifier.beat(), complain }));
  return async () => {
    for (const end of ends) end();
    await server?.close();
  };
}

/** Jails are not let down by a port that somebody else has. */
async function listenForMetrics({ listen, group, metrics, log }: OutsideOptions) {
  if (listen === null) return null;
  metrics.watchLoop();
  try {
    const complain = (message: string): void => log.warn(message);
    const server = await serveMetrics({ address: listen, group, text: () => metrics.text(), complain });
    log.info(`metrics on ${addressText(listen)}`);
    return server;
  } catch (error) {
    log.error(`no metrics: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}
