import { createRequire } from 'node:module';
import type * as NodeCron from 'node-cron';

let known: typeof NodeCron | null = null;

/** The package that reads schedules. Most files have none, and neither jaild nor a command waits for it then. */
export function nodeCron(): typeof NodeCron {
  // The package says what it exports.
  known ??= createRequire(import.meta.url)('node-cron') as typeof NodeCron;
  return known;
}
