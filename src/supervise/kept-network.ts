import type { Executors } from '../host/host.js';
import type { Standing } from '../plan/standing.js';
import { undoAll, type Trace } from './executor.js';

/** The network that stands between two lives of a jail: nobody's but the jail's, and here to be taken away. */
export class KeptNetwork {
  #standing: Standing | null = null;
  #removal: Promise<void> = Promise.resolve();

  /** @param report told of what cannot be taken away */
  constructor(
    private readonly jail: string,
    private readonly executors: Executors,
    private readonly trace: Trace,
    private readonly report: (error: unknown) => void,
  ) {}

  get standing(): Standing | null {
    return this.#standing;
  }

  /** A life has left it, this one or one under an earlier jaild. */
  leave(standing: Standing | null): void {
    this.#standing = standing;
  }

  /** Gives it to the next life, which answers for it from then on. */
  async take(): Promise<Standing | null> {
    const taken = this.#standing;
    this.#standing = null;
    await this.#removal;
    return taken;
  }

  /** Takes down what stands here, or what has been taken. @returns when nothing of it is left */
  remove(standing: Standing | null = this.#standing): Promise<void> {
    if (standing === this.#standing) this.#standing = null;
    if (standing !== null) this.#removal = this.#removal.then(() => this.#undo(standing));
    return this.#removal;
  }

  async #undo({ steps }: Standing): Promise<void> {
    const launch = { jail: this.jail, jailer: null, hooks: new Set<AbortController>() };
    const errors = await undoAll(this.executors, steps, launch, this.trace);
    for (const error of errors) this.report(error);
  }
}
