import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { setImmediate as others } from 'node:timers/promises';
import type { Metric } from 'prom-client';
import type { JailStats, Operations } from '../supervise/operations.js';
import { families } from './metric-families.js';
import type { Family, OwnReading, Sample, Snapshot } from './metric-family.js';

/** Two who ask within so many milliseconds are told the same. */
const FRESH_MS = 1000;
/** Jails whose figures are read in one go. For so few, the kernel is not asked about all links of the host. */
const SLICE = 16;
/** Lines that are made in one go: what they are made of is garbage before it is old. */
const LINES = 500;
/** Between two looks at how late the event loop is, in milliseconds. */
const RESOLUTION_MS = 50;

type Source = Pick<Operations, 'vitals' | 'stats' | 'tallies'>;

/** The metrics of jaild in Prometheus' text format 0.0.4, made when they are asked for. */
export class Metrics {
  static readonly contentType = 'text/plain; version=0.0.4; charset=utf-8';
  private latest: { readonly at: number; readonly text: Promise<string> } | null = null;
  private loop: IntervalHistogram | null = null;

  /** @param monotonic milliseconds of CLOCK_MONOTONIC */
  constructor(
    private readonly source: Source,
    private readonly version: string,
    private readonly monotonic: () => number,
  ) {}

  /** Begins to watch how late the event loop is. */
  watchLoop(): void {
    this.loop ??= monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.loop.enable();
  }

  /** All metrics as text; one that is being made, or was a moment ago, is taken for all who ask. Rejects with SystemError. */
  text(): Promise<string> {
    const { latest } = this;
    if (latest !== null && this.monotonic() - latest.at < FRESH_MS) return latest.text;
    const text = this.make();
    const made = { at: Infinity, text };
    this.latest = made;
    const forget = (settled: typeof this.latest): void => {
      if (this.latest === settled) this.latest = null;
    };
    const settle = (): void => {
      if (this.latest !== made) return;
      const settled = { at: this.monotonic(), text };
      this.latest = settled;
      // Of a thousand jails it is megabytes, which nobody may ask for again.
      setTimeout(forget, FRESH_MS, settled).unref();
    };
    text.then(settle, () => (this.latest = null));
    return text;
  }

  private async make(): Promise<string> {
    const { default: Registry } = await import('prom-client/lib/registry.js');
    const registry = new Registry() as unknown as { getMetricsAsString(metric: Readable): Promise<string> };
    const snapshot = await this.look();
    const texts: string[] = [];
    for (const family of families) {
      let isFirst = true;
      for (const samples of inSlices(family.read(snapshot))) {
        const text = await registry.getMetricsAsString(readable(family, samples));
        texts.push(isFirst ? text : withoutHead(text));
        isFirst = false;
        await others(); // A thousand jails are many lines: nobody waits for all of them.
      }
    }
    return `${texts.join('\n')}\n`;
  }

  private async look(): Promise<Snapshot> {
    const { source } = this;
    const vitals = source.vitals();
    source.tallies.keepOnly(new Set(vitals.map(({ name }) => name)));
    const stats = new Map<string, JailStats>();
    for (let at = 0; at < vitals.length; at += SLICE) {
      const names = vitals.slice(at, at + SLICE).map(({ name }) => name);
      for (const one of source.stats(names)) stats.set(one.name, one);
      await others();
    }
    const nothing = { startedAt: null, accounting: null, traffic: null };
    const jails = vitals.map((one) => ({
      vitals: one,
      stats: stats.get(one.name) ?? nothing,
      tally: source.tallies.jails.get(one.name) ?? null,
    }));
    return { jails, tallies: source.tallies, own: this.readOwn() };
  }

  private readOwn(): OwnReading {
    const { user, system } = process.cpuUsage();
    return {
      version: this.version,
      node: process.versions.node,
      residentBytes: process.memoryUsage.rss(),
      cpuSeconds: (user + system) / 1e6,
      startedAt: Math.round(performance.timeOrigin) / 1000,
      lag: this.readLag(),
    };
  }

  private readLag(): OwnReading['lag'] {
    const { loop } = this;
    // Without a look since the last time there are only placeholders in it.
    if (loop === null || loop.count === 0) return { mean: 0, max: 0 };
    const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000);
    const lag = { mean: late(loop.mean), max: late(loop.max) };
    loop.reset();
    return lag;
  }
}

/** What a registry asks of a metric. */
type Readable = Pick<Awaited<ReturnType<Metric['get']>>, 'name' | 'help'> & {
  readonly get: () => object;
};

function readable({ name, help, type }: Family, values: readonly Sample[]): Readable {
  return { name, help, get: () => ({ name, help, type, values }) };
}

/** At least one, be it empty: a family without a sample has its help nevertheless. */
function* inSlices(samples: Iterable<Sample>): Iterable<readonly Sample[]> {
  let slice: Sample[] = [];
  for (const sample of samples) {
    if (slice.length === LINES) {
      yield slice;
      slice = [];
    }
    slice.push(sample);
  }
  yield slice;
}

/** Only the lines of samples: those of HELP and TYPE are said once. */
const withoutHead = (text: string): string => text.slice(text.indexOf('\n', text.indexOf('\n') + 1) + 1);
