import { isUp, type Phase } from './lifecycle.js';
import type { SupervisedJail } from './jail.js';

/** Phases that take one of the places; a jail is waiting for a moment after it was admitted. */
const BUSY: readonly Phase[] = ['waiting', 'preparing', 'starting', 'poststarting', 'cancelling'];

/** Where jails wait until their dependencies are up and fewer than `parallel` others are starting. */
export class StartLine {
  private readonly waiting = new Set<SupervisedJail>();
  private readonly starting = new Set<SupervisedJail>();
  private closed = false;
  private reviewing = false;

  /** @param missing names of the dependencies of a jail that are not up */
  constructor(
    private readonly parallel: number,
    private readonly missing: (jail: SupervisedJail) => readonly string[],
  ) {}

  join(jail: SupervisedJail): void {
    this.waiting.add(jail);
    this.review();
  }

  leave(jail: SupervisedJail): void {
    this.waiting.delete(jail);
  }

  /** The place of a jail that is starting is free for another. */
  giveWay(jail: SupervisedJail): void {
    if (this.starting.delete(jail)) this.review();
  }

  /** Nobody starts from now on. */
  close(): void {
    this.closed = true;
  }

  /** A jail has changed its phase: that may free a place, or be what others wait for. */
  noteChange(jail: SupervisedJail): void {
    const frees = !BUSY.includes(jail.phase) && this.starting.delete(jail);
    if (frees || isUp(jail.phase)) this.review();
  }

  private review(): void {
    // Admitting changes phases, which leads back here: the loop under way sees whatever that frees.
    if (this.reviewing || this.closed) return;
    this.reviewing = true;
    try {
      for (const jail of this.waiting) {
        if (this.starting.size >= this.parallel) return;
        if (this.missing(jail).length > 0) continue;
        this.waiting.delete(jail);
        this.starting.add(jail);
        jail.admit();
      }
    } finally {
      this.reviewing = false;
    }
  }
}
