import type { FirewallArgs } from '../plan/step.js';

/** The packet filter of one instance: one table of nftables, which is there while a jail has something in it. */
export class Firewall {
  /** Gives a jail what it asks for, in place of what it had. Rejects with SystemError; all is as it was then. */
  async set(args: FirewallArgs): Promise<void> {}

  /** Takes away what a jail has; that it has nothing is fine. Rejects with SystemError. */
  async remove(jail: string): Promise<void> {}
}
