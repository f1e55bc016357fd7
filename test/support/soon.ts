import { patience } from './patience.js';

const QUIET_MS = 1000;
const TIMES = 20;

/**
 * Milliseconds within which somebody is answered soon while others do their worst: a second on a quiet host, and on a
 * busy one so many times what the same question takes while nobody does, which is tried here.
 */
export function soonFor(ask: () => void): number {
  const tries = Array.from({ length: 3 }, () => millisecondsOf(ask));
  return Math.max(QUIET_MS, TIMES * Math.max(...tries)) * patience;
}

export function millisecondsOf(ask: () => void): number {
  const began = performance.now();
  ask();
  return performance.now() - began;
}
