import type { RateArgs } from '../plan/step.js';

/** Limits what passes a jail's link. Throws SystemError. */
export function setRates(args: RateArgs): void {}

/** Takes the limits away; a link that is gone has none. Throws SystemError. */
export function clearRates(args: RateArgs): void {}
