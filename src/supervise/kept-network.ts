import type { Jail } from '../config/jail.js';
import { SystemError } from '../host/error.js';
import type { Executors, RunningHook } from '../host/host.js';
import type { HostFacts } from '../plan/facts.js';
import { isWhatIsPlanned, standingOf, type Standing } from '../plan/standing.js';
import type { JailPlan, Step } from '../plan/step.js';
import { allStand, undoAll, type Execution, type Trace } from './executor.js';

/** What it takes to prepare a life. */
export interface Preparation {
  readonly facts: () => Promise<HostFacts>;
  readonly plan: (facts: HostFacts) => JailPlan;
  /** Does what a plan says but for the steps that are done, for which it answers as for the others. */
  readonly carryOut: (plan: JailPlan, kept: readonly Step[]) => Promise<Execution>;
}

/** The step of the jailer that enters what an earlier life has left (native/jailer/steps.h). */
const ENTER = 'netns';

const isRefusal = (execution: Execution): execution is Extract<Execution, { ok: false }> =>
  !execution.ok && execution.error instanceof SystemError && execution.error.call === ENTER;

/** The network that stands between two lives of a jail: nobody's but the jail's, and here to be taken away. */
export class KeptNetwork {
  #standing: Standing | null = null;
  #removal: Promise<void> = Promise.resolve();

  /** @param report told of what cannot be used, or taken away */
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

  /**
   * Has a life prepared: with what stands where that is what its plan would make, and with nothing of it where it is not,
   * or where the kernel refuses it. When it resolves or rejects, what stood is the life's or gone.
   */
  async prepare(jail: Jail, { facts, plan, carryOut }: Preparation): Promise<Execution> {
    let standing = this.#standing;
    this.#standing = null;
    await this.#removal;
    try {
      const known = await facts();
      const again = standing === null ? null : plan({ ...known, standingNetns: standing.netns });
      if (standing !== null && again !== null && (await this.#isUsable(standing, jail, again))) {
        standing = null;
        const execution = await carryOut(again, standingOf(jail, again)?.steps ?? []);
        if (!isRefusal(execution)) return execution;
        this.report(execution.error);
      }
      await this.remove(standing);
      standing = null;
      return await carryOut(plan(known), []);
    } finally {
      await this.remove(standing);
    }
  }

  /** What cannot be looked at is not used. */
  async #isUsable(standing: Standing, jail: Jail, plan: JailPlan): Promise<boolean> {
    if (!isWhatIsPlanned(standing, jail, plan)) return false;
    const { steps, netns } = standing;
    return allStand(this.executors, steps, netns).catch((error: unknown) => {
      this.report(error);
      return false;
    });
  }

  /** Takes down what stands. @returns when nothing of it is left */
  remove(standing = this.#standing): Promise<void> {
    if (standing === this.#standing) this.#standing = null;
    if (standing !== null) this.#removal = this.#removal.then(() => this.#undo(standing));
    return this.#removal;
  }

  async #undo({ steps }: Standing): Promise<void> {
    const launch = { jail: this.jail, jailer: null, hooks: new Set<RunningHook>() };
    const errors = await undoAll(this.executors, steps, launch, this.trace);
    for (const error of errors) this.report(error);
  }
}
