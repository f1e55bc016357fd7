import { StepFailure } from '../host/error.js';
import type { SupervisedJail } from './jail.js';
import type { Operations } from './operations.js';
import { closure } from './order.js';
import type { Roster } from './roster.js';

export interface CallersContext {
  readonly roster: Roster;
  /** A process, its forebears and the leaders of their sessions. */
  readonly lineage: (pid: number) => ReadonlySet<number>;
  /** The place that a jail has among those that start is free: its own command waits for others now. */
  readonly giveWay: (jail: SupervisedJail) => void;
}

/** The command of a jail waits for these. */
interface Wait {
  readonly jail: string;
  readonly names: readonly string[];
}

const HINT = 'to have it done afterwards, do not wait for it: setsid -f jailctl …';

/**
 * Knows which callers are commands on the host that jaild runs for a jail and waits for: one of them that waited for that
 * jail, or for whoever waits for it, would do so until its time is over.
 */
export class Callers {
  private readonly waits = new Set<Wait>();

  constructor(private readonly context: CallersContext) {}

  /** The jail whose command on the host a process is, or was begun by; null for anybody else. */
  jailOf(pid: number): SupervisedJail | null {
    const waiting = [...this.context.roster.jails.values()].filter(({ life }) => life?.hasHooks === true);
    if (waiting.length === 0) return null;
    const lineage = this.context.lineage(pid);
    return waiting.find(({ life }) => life?.isHook(lineage)) ?? null;
  }

  /** What a command of `jail` may have done: the same as anybody, but nothing that it would wait for in vain. */
  operationsOf(jail: SupervisedJail, operations: Operations): Operations {
    const { roster } = this.context;
    const below = (names: readonly string[]): readonly string[] => closure(roster.graph, names);
    const above = (names: readonly string[]): readonly string[] => closure(roster.dependants, names);
    const guard = <T>(names: readonly string[], work: () => Promise<T>): Promise<T> =>
      this.during(jail, names, work);
    const guarded: Partial<Operations> = {
      start: (names, progress) => guard(below(names), () => operations.start(names, progress)),
      stop: (names, options) => guard(above(names), () => operations.stop(names, options)),
      restart: (names) => guard(below(names), () => operations.restart(names)),
      create: (jails, names) => guard(below(names), () => operations.create(jails, names)),
      change: (name, ...rest) => guard([name], () => operations.change(name, ...rest)),
      run: (definition, terminal) =>
        guard(below(definition.values.depend ?? []), () => operations.run(definition, terminal)),
      reload: async (dryRun, uid) => {
        const { changes } = await operations.reload(true, uid);
        const waited = changes.filter(
          ({ change, runs }) => runs && (change === 'live' || change === 'restart'),
        );
        const names = dryRun ? [] : waited.map((one) => one.jail);
        return guard(names, () => operations.reload(dryRun, uid));
      },
      shutdown: () => guard([...roster.jails.keys()], () => operations.shutdown()),
    };
    return new Proxy(operations, {
      get: (target, key) => {
        const value: unknown = Reflect.get(Object.hasOwn(guarded, key) ? guarded : target, key);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }

  private async during<T>(
    { name: jail }: SupervisedJail,
    names: readonly string[],
    work: () => Promise<T>,
  ): Promise<T> {
    const reached = new Set(names);
    for (const name of reached)
      for (const wait of this.waits) if (wait.jail === name) wait.names.forEach((one) => reached.add(one));
    if (reached.has(jail))
      throw new StepFailure(jail, '', `a command that ${jail} waits for would wait for ${jail}`, HINT);
    const wait = { jail, names };
    this.waits.add(wait);
    const own = this.context.roster.jails.get(jail);
    if (own !== undefined) this.context.giveWay(own);
    return work().finally(() => this.waits.delete(wait));
  }
}
