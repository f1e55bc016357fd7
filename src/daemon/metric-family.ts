import type { JailStats, Vitals } from '../supervise/operations.js';
import type { JailTally, Tallies } from '../supervise/events/tallies.js';

/** All that metrics are made of, at one moment. */
export interface Snapshot {
  readonly jails: readonly JailReading[];
  readonly tallies: Tallies;
  readonly own: OwnReading;
}

export interface JailReading {
  readonly vitals: Vitals;
  readonly stats: Pick<JailStats, 'startedAt' | 'accounting' | 'traffic'>;
  readonly tally: JailTally | null;
}

/** Of jaild itself. Bytes and seconds. */
export interface OwnReading {
  readonly version: string;
  readonly node: string;
  readonly residentBytes: number;
  readonly cpuSeconds: number;
  readonly startedAt: number;
  /** How much later than due its event loop came to what was to be done, since this was asked last. */
  readonly lag: { readonly mean: number; readonly max: number };
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Where it is not that of the family: NAME_bucket. */
  readonly metricName?: string;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  /** One after the other, as they are asked for: of many jails they are never all there at once. */
  readonly read: (snapshot: Snapshot) => Iterable<Sample>;
}

/** Samples of each jail. */
export const ofEach = (lines: (jail: JailReading) => readonly Sample[]) =>
  function* ({ jails }: Snapshot): Iterable<Sample> {
    for (const jail of jails) yield* lines(jail);
  };

/** A figure of each jail; a jail for which there is none has no line. */
export function ofJails(
  type: 'gauge' | 'counter',
  name: string,
  help: string,
  figure: (jail: JailReading) => number | null | undefined,
): Family {
  const lines = (jail: JailReading): readonly Sample[] => {
    const value = figure(jail);
    return value === null || value === undefined ? [] : [{ labels: { jail: jail.vitals.name }, value }];
  };
  return { name, help, type, read: ofEach(lines) };
}

/** A figure of jaild itself. */
export const ofOwn = (
  type: 'gauge' | 'counter',
  name: string,
  help: string,
  figure: (own: OwnReading) => number,
): Family => ({ name, help, type, read: ({ own }) => [{ labels: {}, value: figure(own) }] });

/** Of microseconds; null where there are none. */
export const seconds = (microseconds: number | null | undefined): number | null =>
  microseconds === null || microseconds === undefined ? null : microseconds / 1e6;
