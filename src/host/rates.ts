import type { RateArgs } from '../plan/step.js';

/** Limits what passes a jail's link. Throws SystemError. */
export function setRates({ link }: RateArgs): void {
  throw new Error(`${link}: nothing limits it yet`);
}

/** Takes the limits away; a link that is gone has none. Throws SystemError. */
export function clearRates({ link }: RateArgs): void {
  throw new Error(`${link}: nothing limits it yet`);
}
