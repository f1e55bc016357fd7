import type { Deed, DeedListener } from './operations.js';

/** Tells those who want to see it what is being done. */
export class Progress {
  private readonly listeners = new Set<DeedListener>();

  tell(jail: string, deed: Deed): void {
    for (const listener of this.listeners) listener(jail, deed);
  }

  /** Tells of each deed from now on; the result ends that. */
  listen(listener: DeedListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
