import type { Step } from '../plan/step.js';
import type { State } from './operations.js';

/** What jaild does for a jail, while it does it. */
export type Deed =
  | { readonly kind: 'step'; readonly verb: 'run' | 'done' | 'undo'; readonly step: Step }
  /** A command of exec.start has ended well; counted from 0, those in the background left out. */
  | { readonly kind: 'started'; readonly index: number }
  | { readonly kind: 'signal'; readonly signal: number }
  | { readonly kind: 'state'; readonly state: State };

export type DeedListener = (jail: string, deed: Deed) => void;

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
