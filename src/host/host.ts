import type { Jail } from '../config/compile.js';
import type { ResourceName } from '../config/rctl/resources.js';
import type { Observation, Subject } from '../plan/audit/observation.js';
import type { Instance } from '../plan/instance.js';
import type { HostFacts } from '../plan/facts.js';
import type { InsideArgs, StepName, StepOf } from '../plan/step.js';

/** How a process, or a jail as a whole, ended. */
export interface Ended {
  readonly how: 'exit' | 'signal' | 'error' | 'timeout';
  /** Exit code, signal number or errno. */
  readonly code: number;
  /** With `error`: the step of the jailer that failed, and on what. */
  readonly step?: string;
  readonly subject?: string;
}

/** How far a jailer has come with its jail (native/PROTOCOL.md §2). */
export type JailerPhase = 'created' | 'building' | 'starting' | 'running' | 'exited';

/** What a jailer tells. `lost`: the connection is gone without an `exited`; the jailer is dead and its jail with it. */
export type JailerEvent =
  | { readonly kind: 'warning'; readonly step: string; readonly subject: string; readonly errno: number }
  | { readonly kind: 'built' }
  | { readonly kind: 'start'; readonly index: number; readonly ended: Ended }
  | { readonly kind: 'running'; readonly pid: number }
  | { readonly kind: 'main'; readonly ended: Ended }
  | { readonly kind: 'log-dropped'; readonly bytes: number }
  | { readonly kind: 'exited'; readonly ended: Ended }
  | { readonly kind: 'lost' };

/** A running jail's jailer, seen from jaild. */
export interface JailerHandle {
  readonly launch: string;
  /** Process ids on the host. */
  readonly pid: number;
  readonly initPid: number;
  /** Descriptor number, inside the jailer, of a NETLINK_ROUTE socket in the jail's network namespace; -1 when it has none of its own. */
  readonly netlinkFd: number;
  readonly phase: JailerPhase;
  go(): void;
  /** Sends a signal to every process of the jail. */
  signal(signal: number): void;
  kill(): void;
  exec(request: InsideArgs): Promise<Ended>;
  /** Events from now on, and those that came before the first listener. One listener at a time. */
  listen(listener: (event: JailerEvent) => void): void;
}

/** What the steps of one launch leave for one another. */
export interface Launch {
  readonly jail: string;
  jailer: JailerHandle | null;
  /** Commands on the host that are under way; aborting one kills it. */
  readonly hooks: Set<AbortController>;
}

/** What does the steps. A step without an executor does not compile; `undo` takes back what `run` did and is idempotent. */
export type Executors = {
  readonly [K in StepName]: {
    readonly run: (step: StepOf<K>, launch: Launch) => Promise<void> | void;
    /** Whether what `run` did for an earlier life of the jail is still there, as far as it can be seen; without it, it is. */
    readonly stands?: (step: StepOf<K>) => boolean;
    readonly undo?: (step: StepOf<K>, launch: Launch) => Promise<void> | void;
    /** Makes of what `before` did on a running jail what `after` says; without it, undo and run do. */
    readonly change?: (before: StepOf<K>, after: StepOf<K>, launch: Launch) => Promise<void> | void;
  };
};

/** Figures of a jail's cgroup. Absent values are null. */
export interface Accounting {
  /** Bytes. */
  readonly memory: number | null;
  readonly memoryPeak: number | null;
  /** Microseconds of CPU time. */
  readonly cpuUsec: number | null;
  readonly pids: number | null;
  /** Bytes. */
  readonly ioRead: number | null;
  readonly ioWritten: number | null;
  /** Processes killed by the out-of-memory killer so far. */
  readonly oomKills: number;
}

/** The machine, as the supervisor sees it. `machine.ts` is the real one, test/support/fake-host.ts the only fake. */
export interface Host {
  readonly instance: Instance;
  readonly executors: Executors;
  /** Reads what a plan must know about the machine, and gives out what the jail keeps (its uid range). Throws SystemError. */
  facts(jail: Jail): Promise<HostFacts>;
  /** Takes note of directories in which jails may lay links: no path of a later plan follows one there. */
  distrust(directories: readonly string[]): void;
  /** Connects to the jailer of a jail that an earlier jaild started; null when there is none alive. */
  adopt(rundir: string): Promise<JailerHandle | null>;
  /** The exit record of a jailer, or null. */
  exitRecord(rundir: string): { readonly launch: string; readonly ended: Ended; readonly at: Date } | null;
  accounting(cgroups: readonly string[]): Accounting;
  /** What a jail uses of a resource of rctl(8), of a rate all that there was; null where the host does not count it. Throws SystemError. */
  usage(cgroups: readonly string[], resource: ResourceName): number | null;
  /** Of the accounting what each start asks for. */
  countOomKills(cgroups: readonly string[]): number;
  /** Freezes or thaws a whole jail. Throws SystemError. */
  freeze(cgroups: readonly string[], frozen: boolean): Promise<void>;
  /** Kills whatever is left in a jail's cgroups, for a jail whose jailer is gone. */
  killCgroup(cgroups: readonly string[]): void;
  /** Processes left in a jail's cgroups. */
  population(cgroups: readonly string[]): number;
  /** What the kernel says of a running jail. Rejects with SystemError when it has ended. */
  observe(subject: Subject): Promise<Observation>;
  bootId(): string;
  /** Milliseconds of CLOCK_MONOTONIC, and of the wall clock. */
  monotonic(): number;
  now(): number;
}
