import type { Jail } from '../config/compile.js';
import type { ResourceName } from '../config/rctl/resources.js';
import type { Observation, Subject } from '../plan/audit/observation.js';
import type { Instance } from '../plan/instance.js';
import type { HostFacts } from '../plan/facts.js';
import type { LogTarget } from '../plan/log.js';
import type { Check, FirewallArgs, InsideArgs, StepName, StepOf } from '../plan/step.js';
import type { AddressView, LinkView, RouteView, Traffic } from './netlink-view.js';
import type { Pressure } from './pressure.js';

export type { Check };

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
  /** So much could not be written there: a full disk, a socket that did not take it. */
  | {
      readonly kind: 'log-dropped';
      readonly lines: number;
      readonly bytes: number;
      readonly target: LogTarget;
    }
  /** So much of the output was over the rate that is allowed, and was left out. */
  | { readonly kind: 'log-limited'; readonly lines: number; readonly bytes: number }
  /** A log was put aside, by that inode. */
  | { readonly kind: 'log-rotated'; readonly inode: number }
  /** A process of the jail has told of itself (sd_notify(3)): NAME=VALUE each. */
  | { readonly kind: 'notify'; readonly fields: readonly string[] }
  | { readonly kind: 'exited'; readonly ended: Ended }
  | { readonly kind: 'lost' };

export interface CheckResult {
  /** `exit 0`: it is well. `error`: it could not be tried. */
  readonly ended: Ended;
  /** The first 4096 bytes that the check printed, or what was amiss in words. */
  readonly output: string;
}

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
  /** Looks once, as the jail's own user and in its namespaces; whatever takes longer is killed with all that it began. */
  check(check: Check): Promise<CheckResult>;
  /** Puts `file` in the place of the rotated log of that inode: it has the same lines, compressed. */
  replaceLog(inode: bigint, file: string): void;
  /** Gives the log other bounds (logBounds() of the plan). */
  boundLog(bounds: readonly string[]): void;
  /** Events from now on, and those that came before the first listener. One listener at a time. */
  listen(listener: (event: JailerEvent) => void): void;
}

/** What the steps of one launch leave for one another. */
export interface Launch {
  readonly jail: string;
  jailer: JailerHandle | null;
  /** Commands on the host that are under way; aborting one kills it. */
  readonly hooks: Set<RunningHook>;
}

/** A command on the host that is under way. */
export interface RunningHook {
  /** Kills it. */
  readonly abort: () => void;
  /** Of the leader of its session; absent before it has begun, and for one that is not waited for. */
  pid?: number;
}

/** What does the steps. A step without an executor does not compile; `undo` takes back what `run` did and is idempotent. */
export type Executors = {
  readonly [K in StepName]: {
    readonly run: (step: StepOf<K>, launch: Launch) => Promise<void> | void;
    /** Begins what can be done beside the steps before it, for `run` to wait for. `undo` takes that back too. */
    readonly ahead?: (step: StepOf<K>) => void;
    /** Whether what `run` did for an earlier life of the jail is still there, as far as it can be seen; without it, it is. */
    readonly stands?: (step: StepOf<K>, netns: string) => boolean | Promise<boolean>;
    readonly undo?: (step: StepOf<K>, launch: Launch) => Promise<void> | void;
    /** Makes of what `before` did on a running jail what `after` says, or throws and leaves it; without it, undo and run do. */
    readonly change?: (before: StepOf<K>, after: StepOf<K>, launch: Launch) => Promise<void> | void;
  };
};

/** Figures of a jail's cgroup that lists show. Absent values are null. */
export interface BriefAccounting {
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

/** All figures of a jail's cgroup. Absent values are null. */
export interface Accounting extends BriefAccounting {
  /** Bytes; null without a limit too. */
  readonly memoryMax: number | null;
  /** How often its memory was at the limit and nothing could be freed; v1 does not count it. */
  readonly ooms: number | null;
  /** Requests to disks. */
  readonly ioReads: number | null;
  readonly ioWrites: number | null;
  readonly pressure: Pressure | null;
}

/** What jails can be compared by: microseconds, bytes in use, bytes read and written, processes and threads. */
export type Figure = 'cpu' | 'memory' | 'io' | 'pids';

/** What the whole host uses and has used, and all jails of this instance together. */
export interface HostUsage {
  readonly processors: number;
  /** Of all processors together, in microseconds; null where the kernel does not tell. */
  readonly busyUsec: number | null;
  /** Bytes. */
  readonly memory: { readonly total: number; readonly available: number };
  /** The load of the last one, five and fifteen minutes. getloadavg(3) */
  readonly load: readonly [number, number, number];
  readonly pressure: Pressure | null;
  readonly jails: { readonly cpuUsec: number | null; readonly memory: number | null };
}

/** What the kernel says of a jail's network. */
export interface NetworkView {
  /** But for the loopback. */
  readonly links: readonly LinkView[];
  readonly addresses: readonly AddressView[];
  readonly routes: readonly RouteView[];
}

/** A jail whose packets are to be counted, and where that can be done: at the host's end of its link, at links inside, or, with a loopback only, nowhere. */
export interface TrafficSubject {
  readonly jail: string;
  readonly jailer: JailerHandle | null;
  readonly place:
    | { readonly kind: 'host'; readonly link: string }
    | { readonly kind: 'inside'; readonly links: readonly string[] }
    | { readonly kind: 'nowhere' };
}

/** The log of a jail, to be kept small. */
export interface KeptLog {
  readonly jail: Jail;
  /** As the plan has it; null: where the next one would. */
  readonly path: string | null;
  /** Who gives its files their names at this time: a jailer; nobody, so that jaild may; or somebody who cannot be asked. */
  readonly writer: () => JailerHandle | 'nobody' | 'unknown';
}

/** The machine, as the supervisor sees it. `machine.ts` is the real one, test/support/fake-host.ts the only fake. */
export interface Host {
  readonly instance: Instance;
  readonly executors: Executors;
  /** Reads what a plan must know about the machine, and gives out what the jail keeps (its uid range, its addresses on a bridge). Throws SystemError. */
  facts(jail: Jail): Promise<HostFacts>;
  /** Takes note of directories in which jails may lay links: no path of a later plan follows one there. */
  distrust(directories: readonly string[]): void;
  /** Takes note of all jails that the files have: addresses that they write are given to no other, and they keep theirs. */
  acquaint(jails: readonly Jail[]): void;
  /** Takes note of the addresses that a jail has which an earlier jaild has left. */
  hold(jail: string, addresses: readonly string[]): void;
  /** Addresses that a jail was given are free again: it does not come back. */
  giveBack(jail: string): void;
  /** Connects to the jailer of a jail that an earlier jaild started; null when there is none alive. */
  adopt(rundir: string): Promise<JailerHandle | null>;
  /** The exit record of a jailer, or null. */
  exitRecord(rundir: string): { readonly launch: string; readonly ended: Ended; readonly at: Date } | null;
  accounting(cgroups: readonly string[]): Accounting;
  briefAccounting(cgroups: readonly string[]): BriefAccounting;
  /** One figure, where a thousand jails are compared. Throws SystemError. */
  figure(cgroups: readonly string[], figure: Figure): number | null;
  hostUsage(): HostUsage;
  /** The network of a jail that has a stack of its own. Throws SystemError when it has ended. */
  network(jailer: JailerHandle): NetworkView;
  /** By jail; those that have just ended are left out. Throws SystemError. */
  traffic(subjects: readonly TrafficSubject[]): ReadonlyMap<string, Traffic>;
  /** What a jail uses of a resource of rctl(8), of a rate all that there was; null where the host does not count it. Throws SystemError. */
  usage(cgroups: readonly string[], resource: ResourceName): number | null;
  /** Of the accounting what each start asks for. */
  countOomKills(cgroups: readonly string[]): number;
  /** How often the limit of its processes has kept a jail from one. Throws SystemError. */
  countRefusedForks(cgroups: readonly string[]): number;
  /** Kills by the out-of-memory killer on the whole host; null where that is not counted. Throws SystemError. */
  countHostOomKills(): number | null;
  /** Freezes or thaws a whole jail. Throws SystemError. */
  freeze(cgroups: readonly string[], frozen: boolean): Promise<void>;
  /** Kills whatever is left in a jail's cgroups, for a jail whose jailer is gone. */
  killCgroup(cgroups: readonly string[]): void;
  /** Processes left in a jail's cgroups. */
  population(cgroups: readonly string[]): number;
  /** What the kernel says of a running jail. Rejects with SystemError when it has ended. */
  observe(subject: Subject): Promise<Observation>;
  /** Takes away what is left of jails that are not among these, whom no record knows. @returns what it was. Throws SystemError. */
  sweep(jails: ReadonlySet<string>): readonly string[];
  /**
   * Keeps in force what jails have of the packet filter that run on from an earlier jaild, and takes away all else that it
   * left there. Before that nothing of it is changed. Rejects with SystemError or StepFailure.
   */
  restoreFirewall(all: readonly FirewallArgs[], wasThere: boolean): Promise<void>;
  /** Writes what jails have of the packet filter anew, for whoever has flushed it. Rejects with SystemError or StepFailure. */
  renewFirewall(): Promise<void>;
  /** Kills commands on the host that an earlier jaild has left running. @returns "JAIL: COMMAND" of each */
  endHooks(): Promise<readonly string[]>;
  /** A process, its forebears and the leaders of the sessions that they are in. */
  lineage(pid: number): ReadonlySet<number>;
  /** Whether a process was stopped by a signal (SIGSTOP), and does nothing until it is told to go on. */
  isStopped(pid: number): boolean;
  /** Compresses what was put aside of a log, in the background and one file at a time. */
  tendLog(log: KeptLog): void;
  bootId(): string;
  /** Milliseconds of CLOCK_MONOTONIC, and of the wall clock. */
  monotonic(): number;
  now(): number;
}
