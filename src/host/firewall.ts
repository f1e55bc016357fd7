import type { FirewallArgs } from '../plan/step.js';

/** The packet filter of one instance: one table of nftables, which is there while a jail has something in it. */
export class Firewall {
  /** Gives a jail what it asks for, in place of what it had. Rejects with SystemError; all is as it was then. */
  set({ jail }: FirewallArgs): Promise<void> {
    return Promise.reject(new Error(`${jail}: nothing filters packets yet`));
  }

  /** Takes away what a jail has; that it has nothing is fine. Rejects with SystemError. */
  remove(jail: string): Promise<void> {
    return Promise.reject(new Error(`${jail}: nothing filters packets yet`));
  }
}
