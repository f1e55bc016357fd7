import type { Scene } from './scene.js';

/** What a failure costs: critical 8, high 4, medium 2, low 1. */
export type Weight = 8 | 4 | 2 | 1;

/** How a probe is run: as the main program of a jail, by exec without and with a terminal, by looking from the host, with a root made to harm. */
export type Way = 'main' | 'exec' | 'terminal' | 'host' | 'root';

export interface Probe {
  readonly name: string;
  /** The chapter and class of ways out: `3.mounts`. */
  readonly class: string;
  readonly weight: Weight;
}

/** A probe that is made outside of jails. `attempt` says what was wrong, or null when the wall held. */
export interface HostProbe extends Probe {
  readonly attempt: (scene: Scene) => string | null | Promise<string | null>;
}

/** One probe, made in one way. `seen` is null when the wall held. */
export interface Finding extends Probe {
  readonly way: Way;
  readonly seen: string | null;
}

/** A table row as a probe. */
export const probe = (
  kind: string,
  weight: Weight,
  name: string,
  attempt: HostProbe['attempt'],
): HostProbe => ({ name, class: kind, weight, attempt });

/** Null when it is so, else the words. */
export const unless = (isSo: boolean, words: string): string | null => (isSo ? null : words);

/** What is held of all that could be, in percent by weight; 0 when nothing was tried. */
export function score(findings: readonly Finding[]): number {
  const sum = (all: readonly Finding[]): number => all.reduce((total, { weight }) => total + weight, 0);
  const whole = sum(findings);
  return whole === 0 ? 0 : (100 * sum(findings.filter(({ seen }) => seen === null))) / whole;
}
