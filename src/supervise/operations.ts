import type { Compiled, Jail } from '../config/compile.js';
import type { Diagnostic } from '../config/diagnostic.js';
import type { Accounting, BriefAccounting, Ended, Figure, HostUsage, JailerHandle } from '../host/host.js';
import type { Audit } from '../plan/audit/audit.js';
import type { Traffic } from '../host/netlink-view.js';
import type { LogTarget } from '../plan/log.js';
import type { JailPlan, RateArgs, Step } from '../plan/step.js';
import type { ReloadCause } from './reload/causes.js';
import type { FailedCommand } from './exits.js';
import type { Forecast } from './schedule/forecast.js';
import type { LostOutput } from './lost-output.js';
import type { Events } from './events/journal.js';
import type { Tallies } from './events/tallies.js';
import type { HealthResult } from './health/health.js';
import type { Cause } from './restart.js';
import type { State } from './state.js';

export type { State } from './state.js';

/** How a jail ended last. */
export interface LastExit extends Ended {
  readonly oom: boolean;
  readonly at: Date;
  /** Why, in words: "exit 3", "signal 9 (SIGKILL)", "out of memory", "not started: STEP SUBJECT: REASON". */
  readonly cause: string;
  /** The same for programs; `stop`: somebody asked for it. Absent in what an older jaild has written. */
  readonly reason?: Cause | 'stop';
  /** Milliseconds that it had been up. */
  readonly upMs?: number;
  /** What to do about it, where that is known. */
  readonly hint?: string;
  /** The life that it was the end of. */
  readonly launch?: string;
}

/** A dependency that is not up. */
export interface Lack {
  readonly jail: string;
  readonly state: State;
  readonly retryAt: Date | null;
  /** False: its file is wrong. */
  readonly startable: boolean;
}

/** All there is to say about one jail. */
export interface JailStatus {
  readonly name: string;
  readonly jid: number | null;
  readonly state: State;
  /** PID 1 of the jail, and its `command`, as the host numbers them. */
  readonly pid: number | null;
  readonly commandPid: number | null;
  /** Its jailer, while that was stopped by a signal: its commands, its log and its end wait for it. */
  readonly stoppedJailer: number | null;
  readonly path: string | null;
  readonly hostname: string | null;
  readonly ip4: readonly string[];
  readonly ip6: readonly string[];
  /** Main cgroup directory (v2's where it has the controllers, else the memory hierarchy's). */
  readonly cgroup: string | null;
  readonly startedAt: Date | null;
  /** Restarts since the last start by hand. */
  readonly restarts: number;
  readonly exit: LastExit | null;
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  readonly next: { readonly restart: Date | null; readonly start: Date | null; readonly stop: Date | null };
  /** The next three of each. */
  readonly nextTimes: Readonly<Record<'restart' | 'start' | 'stop', readonly Date[]>>;
  readonly want: 'up' | 'down';
  readonly waitingFor: readonly string[];
  /** Of a jail that is wanted up: the dependencies that are not. */
  readonly lacks: readonly Lack[];
  /** When a backoff ends. */
  readonly retryAt: Date | null;
  readonly flapping: boolean;
  /** The file says something else than what runs; gone from the file. */
  readonly stale: boolean;
  readonly unlisted: boolean;
  /** What is wrong in its files since they were read last. */
  readonly mistakes: readonly Diagnostic[];
  /** False: somebody who starts it is refused, for what its file has. */
  readonly startable: boolean;
  readonly accounting: BriefAccounting | null;
  /** Limits as they were asked for: parameter → text. */
  readonly limits: Readonly<Record<string, string>>;
  readonly log: string | null;
  /** Where its output goes. */
  readonly logTargets: readonly LogTarget[];
  /** Of what it printed in this life; null while it is down. */
  readonly lostOutput: LostOutput | null;
  readonly definedAt: { readonly file: string; readonly line: number } | null;
  /** The last ends, the oldest first. */
  readonly exits: readonly LastExit[];
  /** The last checks of its health, the oldest first. */
  readonly checks: readonly HealthResult[];
  /** What it says of itself (STATUS= of sd_notify(3)). */
  readonly says: string | null;
  /** What its start is waiting for. */
  readonly awaits: string | null;
  /** Why it is not tried again, of a jail that has failed. */
  readonly gaveUp: string | null;
}

/** The network of one jail. */
export interface JailNetwork {
  /** What it reaches others by, and on which bridge or interfaces of the host; `host`: it shares the host's stack. */
  readonly attachment: {
    readonly kind: 'routed' | 'bridge' | 'macvlan' | 'host' | 'none';
    readonly on: string | null;
  };
  /** The host's end of its link. */
  readonly hostLink: string | null;
  readonly links: readonly {
    readonly name: string;
    readonly mac: string;
    readonly mtu: number | null;
    readonly up: boolean;
  }[];
  readonly addresses: readonly {
    readonly link: string;
    readonly address: string;
    readonly prefix: number;
    /** For others than its neighbours on the link. */
    readonly global: boolean;
  }[];
  readonly routes: readonly {
    readonly to: string;
    readonly via: string | null;
    readonly link: string | null;
    readonly source: string | null;
  }[];
  /** rdr and nat, as written. */
  readonly forwards: readonly string[];
  readonly nat: readonly string[];
  readonly isolated: boolean;
  readonly limits: Pick<RateArgs, 'egress' | 'ingress'>;
  /** Addresses, or the word inherit; null for those that its root names. */
  readonly nameServers: readonly string[] | null;
}

/** What a jail uses and has used. */
export interface JailStats {
  readonly name: string;
  readonly state: State;
  readonly startedAt: Date | null;
  /** Milliseconds since its start. */
  readonly upMs: number | null;
  /** Restarts since the last start by hand. */
  readonly restarts: number;
  /** Limits as they were asked for: parameter → text. */
  readonly limits: JailStatus['limits'];
  readonly accounting: Accounting | null;
  /** Null for a jail without a network of its own. */
  readonly traffic: Traffic | null;
}

/** What jails can be compared by: figures of their cgroups, or bytes received and sent. */
export type Comparison = Figure | 'network';

/** How a jail is: quick for all of them, for nothing is asked of the machine. */
export interface Vitals {
  readonly name: string;
  readonly state: State;
  readonly health: JailStatus['health'];
  readonly flapping: boolean;
  /** Milliseconds until the next try; null outside of a backoff. */
  readonly backoffMs: number | null;
}

/** What can be said of a jail without asking the machine. */
export type Glance = Pick<JailStatus, 'name' | 'jid' | 'state'>;

/** What became of one jail in a start, stop or restart. */
export interface Outcome {
  readonly jail: string;
  readonly ok: boolean;
  /** False when it was so already. */
  readonly changed: boolean;
  /** Words for people: "started (pid 4242, 0.3 s)", "already running", "not started: STEP SUBJECT: REASON". */
  readonly message: string;
  readonly hint?: string;
  /** The jails that it waits for, if that is why. */
  readonly waitsFor?: readonly string[];
  /** The command of the configuration that failed, if that is why. */
  readonly command?: FailedCommand;
  /** Exit code that this outcome calls for, as jailctl(8) has them: 0, 1, 2 (its configuration is wrong) or 4 (no such jail). */
  readonly code: 0 | 1 | 2 | 4;
}

export interface ReloadChange {
  readonly jail: string;
  /** `live`: it is changed as it runs, or will be so when it starts. */
  readonly change: 'new' | 'removed' | 'live' | 'restart';
  /** It is up, or on its way there. */
  readonly runs: boolean;
  /** Parameters that changed. */
  readonly parameters: readonly string[];
  readonly causes: readonly ReloadCause[];
  /** Of a new jail the removed one that said the same, and the other way round: it has another name, it seems. */
  readonly renamed?: string;
  /** Why it could not be changed: it goes on as it was. */
  readonly failure?: { readonly message: string; readonly hint?: string };
}

export interface ReloadResult {
  readonly ok: boolean;
  readonly changes: readonly ReloadChange[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface StartOptions {
  /** Milliseconds after which it is waited for no more; it goes on starting. */
  readonly timeoutMs?: number;
  /** False: it is not waited for at all. */
  readonly wait?: boolean;
}

/** What a start is waiting for, and for how long by now; without seconds: what became of it. */
export type StartProgress = (line: string, seconds?: number) => void;

export interface StopOptions {
  /** Straight to SIGKILL. */
  readonly force?: boolean;
  /** Stop running dependants too (always so with several names or all). */
  readonly cascade?: boolean;
  /** False: none of the commands of the configuration is run (jail -R). */
  readonly hooks?: boolean;
}

/** Makes of a running jail's definition the one that it shall have. What it throws is thrown, and nothing is changed. */
export type Amend = (running: Jail) => Jail;

/** A jail started by `jailctl run`: made, its network in place, waiting for the client to attach. */
export interface ForegroundJail {
  readonly name: string;
  readonly socket: string;
}

/** What an exec needs to reach a running jail: the jailer's socket and the words for it (native/PROTOCOL.md §2). */
export interface ExecTarget {
  readonly socket: string;
}

/** What jaild does for a jail, while it does it. */
export type Deed =
  | { readonly kind: 'step'; readonly verb: 'run' | 'done' | 'undo'; readonly step: Step }
  /** A command of exec.start has ended well; counted from 0, those in the background left out. */
  | { readonly kind: 'started'; readonly index: number }
  | { readonly kind: 'signal'; readonly signal: number }
  | { readonly kind: 'state'; readonly state: State };

export type DeedListener = (jail: string, deed: Deed) => void;

/** What commands may ask of the supervisor. All calls are idempotent and none of them waits on a lock held across a hook. */
export interface Operations {
  readonly configuration: Compiled;
  /** What is wrong in the files since they were read last: a reload of them was refused, or jaild has found them so. */
  readonly mistakes: readonly Diagnostic[];
  /** What has happened. */
  readonly journal: Events;
  status(names?: readonly string[]): readonly JailStatus[];
  /** Null when it is not there, or down. */
  network(name: string): JailNetwork | null;
  /** Of these jails, else of all that there are. Throws SystemError. */
  stats(names?: readonly string[]): readonly JailStats[];
  /**
   * What schedules will do after a moment and up to another, as things are now.
   * @param most how many times of a kind are told of each jail; the others are counted
   */
  forecast(names: readonly string[] | undefined, after: Date, until: Date, most: number): Forecast;
  /** The same, for the process of that id: what it would wait for in vain, as a command that jaild waits for, is refused. */
  behalfOf(pid: number): Operations;
  /** One figure of each of these jails that is there. Throws SystemError. */
  compare(names: readonly string[], by: Comparison): ReadonlyMap<string, number>;
  /** What the host uses, and all jails together. Throws SystemError. */
  hostUsage(): HostUsage;
  vitals(): readonly Vitals[];
  /** What has been counted since this jaild began. */
  readonly tallies: Tallies;
  has(name: string): boolean;
  /** Waits for a moment until a jail in the foreground is gone: whoever saw its command end may want its name again. */
  untilGone(name: string): Promise<void>;
  /** All jails, at a glance: quick however many there are. */
  glance(): readonly Glance[];
  /** Resolves when each is running (ready), or is not going to be. Dependencies are pulled in. */
  start(
    names: readonly string[],
    progress?: StartProgress,
    options?: StartOptions,
  ): Promise<readonly Outcome[]>;
  stop(names: readonly string[], options?: StopOptions): Promise<readonly Outcome[]>;
  restart(names: readonly string[]): Promise<readonly Outcome[]>;
  /** Reads the files again, or another one, and changes nothing. @throws NodeJS.ErrnoException */
  read(file?: string): Compiled;
  /** The jail as it runs, or as it would be started. */
  definition(name: string): Jail | null;
  /** As start(), with these definitions in the place of those of the files, until the jails are down again. */
  create(definitions: readonly Jail[], names: readonly string[]): Promise<readonly Outcome[]>;
  /**
   * Gives a running jail another definition, until it is down or its file changes: all of it at once, or nothing. What
   * cannot change while it runs is refused, or done by a restart.
   */
  change(name: string, amend: Amend, options: { readonly restart: boolean }): Promise<Outcome>;
  /** Does what comes after the end of a jail, for one that does not run. */
  cleanUp(jail: Jail): Promise<Outcome>;
  /** Tells what is done for jails from now on; the result ends that. */
  watch(listener: DeedListener): () => void;
  /** @param uid who asks for it; null: a signal */
  reload(dryRun: boolean, uid?: number | null): Promise<ReloadResult>;
  signal(name: string, signal: number): Outcome;
  pause(name: string): Promise<Outcome>;
  resume(name: string): Promise<Outcome>;
  /** Makes `jail` and leaves it waiting for its client. Rejects with SystemError, StepFailure. It is gone when its command ends. */
  run(jail: Jail, terminal: boolean): Promise<ForegroundJail>;
  jailer(name: string): JailerHandle | null;
  exec(name: string): ExecTarget | null;
  plan(jail: Jail): Promise<JailPlan>;
  /** What isolates a jail, as the kernel has it; null when it is not running. Rejects with SystemError. */
  audit(name: string): Promise<Audit | null>;
  /** Stops every jail in reverse dependency order, then lets jaild end. */
  shutdown(): Promise<readonly Outcome[]>;
}
