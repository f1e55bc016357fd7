import { randomBytes } from 'node:crypto';
import { accessSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { Jail } from '../config/jail.js';
import type { CgroupFacts, HostFacts } from '../plan/facts.js';
import type { Instance } from '../plan/instance.js';
import { seccompPolicy } from '../plan/seccomp.js';
import {
  createCgroup,
  detectCgroups,
  freezeCgroup,
  killCgroup,
  population,
  prepareCgroupRoot,
  readAccounting,
  removeCgroup,
  removeCgroupRoot,
  setCgroup,
} from './cgroup.js';
import { SystemError } from './error.js';
import { runHook } from './hook.js';
import type { Executors, Host, JailerHandle } from './host.js';
import { connectJailer, jailerBinary, readExitRecord, spawnJailer } from './jailer.js';
import { bindMount, detachMount } from './libc.js';
import { attachNetwork, bringLoopbackUp, detachNetwork } from './network.js';
import { bootId } from './procfs.js';
import { compileSeccomp } from './seccomp.js';
import { UidRanges } from './uidrange.js';

/** What the machine is told by jaild.ini. */
export interface MachineOptions {
  readonly instance: Instance;
  /** Where the jails' cgroups go instead of the place that is found by looking, or null. */
  readonly cgroupRoot: string | null;
  readonly uids: { readonly base: number; readonly count: number };
  /** Something survived that an administrator should know of. */
  readonly warn: (message: string) => void;
  /** A line that a hook printed. */
  readonly hookOutput: (jail: string, phase: string, line: string) => void;
}

/** The real machine: the one place where plans become system calls. */
export class Machine implements Host {
  readonly instance: Instance;
  readonly executors: Executors;
  readonly cgroups: CgroupFacts;
  readonly #options: MachineOptions;
  readonly #uids: UidRanges;
  readonly #timeNamespaces = existsSync('/proc/self/ns/time');
  readonly #openFilesLimit = hardOpenFilesLimit();
  /** Which jailer started which jail's network, so that addresses can be given to it. */
  #rootReady = false;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.instance = options.instance;
    this.cgroups = detectCgroups(options.instance, options.cgroupRoot);
    this.#uids = new UidRanges(options.instance, options.uids, options.warn);
    this.executors = this.#makeExecutors();
  }

  async facts(jail: Jail, jid: number): Promise<HostFacts> {
    const { values } = jail;
    checkRoot(values.path ?? '/');
    const policy = seccompPolicy(values);
    return {
      instance: this.instance,
      cgroups: this.cgroups,
      uidBase: this.#uidBase(jail),
      seccomp: policy === null ? null : await compileSeccomp(this.instance.stateDirectory, policy),
      jid,
      launch: randomBytes(16).toString('hex'),
      fstabs: readFstabs(values['mount.fstab'] ?? []),
      blockDevices: blockDeviceNumbers((values['io.max'] ?? []).map(({ device }) => device)),
      timeNamespaces: this.#timeNamespaces,
      openFilesLimit: this.#openFilesLimit,
      term: process.env['TERM'] ?? null,
    };
  }

  #uidBase(jail: Jail): number | null {
    const { userns } = jail.values;
    if (userns === 'off') return null;
    if (typeof userns === 'object') return userns.base;
    return this.#uids.assign(jail.name);
  }

  adopt(rundir: string): Promise<JailerHandle | null> {
    return connectJailer(rundir);
  }

  exitRecord(rundir: string): ReturnType<Host['exitRecord']> {
    return readExitRecord(rundir);
  }

  accounting(cgroups: readonly string[]): ReturnType<Host['accounting']> {
    return readAccounting(cgroups, this.cgroups);
  }

  freeze(cgroups: readonly string[], frozen: boolean): Promise<void> {
    return freezeCgroup(cgroups, frozen);
  }

  killCgroup(cgroups: readonly string[]): void {
    killCgroup(cgroups);
  }

  population(cgroups: readonly string[]): number {
    return population(cgroups);
  }

  bootId(): string {
    return bootId();
  }

  monotonic(): number {
    return performance.now();
  }

  now(): number {
    return Date.now();
  }

  /** Takes away what this instance made for all jails together. For the very end, when no jail is left. */
  async close(): Promise<void> {
    await removeCgroupRoot(this.cgroups);
  }

  #prepareCgroups(): void {
    if (this.#rootReady) return;
    prepareCgroupRoot(this.cgroups);
    this.#rootReady = true;
  }

  #makeExecutors(): Executors {
    return {
      'hook.run': {
        run: (step, launch) =>
          runHook(step.args, (line) => this.#options.hookOutput(launch.jail, step.args.phase, line)),
      },
      'rundir.create': {
        run: ({ args }) => {
          rmSync(args.path, { recursive: true, force: true });
          mkdirSync(args.path, { recursive: true, mode: 0o700 });
        },
        undo: ({ args }) => rmSync(args.path, { recursive: true, force: true }),
      },
      'cgroup.create': {
        run: ({ args }) => {
          this.#prepareCgroups();
          createCgroup(args.paths);
        },
        undo: ({ args }) => removeCgroup(args.paths),
      },
      'cgroup.set': { run: ({ args }) => setCgroup(args.file, args.value) },
      'jailer.spawn': {
        run: async ({ args }, launch) => {
          launch.jailer = await spawnJailer(jailerBinary(), args.rundir, args.records);
        },
        undo: (_step, launch) => endJailer(launch.jailer),
      },
      'netns.name': {
        run: ({ args }, launch) => nameNetworkNamespace(args.path, jailerOf(launch).initPid),
        undo: ({ args }) => unnameNetworkNamespace(args.path),
      },
      'network.attach': {
        run: ({ args }, launch) => {
          const jailer = jailerOf(launch);
          if (args.ip4.length + args.ip6.length === 0) return bringLoopbackUp(jailer);
          for (const warning of attachNetwork(args, jailer)) this.#options.warn(`${launch.jail}: ${warning}`);
        },
        undo: ({ args }) => detachNetwork(args),
      },
      'jailer.go': { run: (_step, launch) => jailerOf(launch).go() },
      'jail.exec': {
        run: async ({ args }, launch) => {
          const ended = await jailerOf(launch).exec(args);
          if (ended.how !== 'exit' || ended.code !== 0) throw commandFailure(args.phase, args.command, ended);
        },
      },
    };
  }
}
