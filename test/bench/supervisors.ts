import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pss } from './sizes.js';
import type { Attempt } from './statistics.js';
import { stopwatchProgram, type Stopwatch } from './stopwatch.js';

/** Something else that keeps services up, as its users set it up, with programs in place of jails. */
export interface SupervisorPeer {
  readonly name: string;
  /** Milliseconds for which a service must have run for its end to be followed by a start at once. */
  readonly settleMs: number;
  /** Writes services that run these words, by name, below a directory; the words that keep them up, one list for each process. */
  readonly set: (
    directory: string,
    services: Readonly<Record<string, readonly string[]>>,
  ) => readonly (readonly string[])[];
}

const program = (path: string, words: readonly string[]): void => {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\nexec ${words.join(' ')}\n`);
  chmodSync(path, 0o755);
};

/** Each service with a logger of its own, as s6 and runit have it: that is what a jailer does, too. */
const withLogger =
  (supervise: string, logger: (directory: string) => readonly string[], isPair: boolean) =>
  (directory: string, services: Readonly<Record<string, readonly string[]>>) =>
    Object.entries(services).flatMap(([name, words]) => {
      const service = join(directory, name);
      const logs = join(service, 'logs');
      mkdirSync(logs, { recursive: true });
      program(join(service, 'run'), words);
      program(join(service, 'log/run'), logger(logs));
      return isPair
        ? [
            [supervise, service],
            [supervise, join(service, 'log')],
          ]
        : [[supervise, service]];
    });

/** s6-supervise(1), runsv(8), supervisord(1). */
export const supervisorPeers: readonly SupervisorPeer[] = [
  {
    name: 's6-supervise',
    settleMs: 1100,
    set: withLogger('/usr/bin/s6-supervise', (logs) => ['s6-log', 'T', logs], true),
  },
  {
    name: 'runsv',
    settleMs: 1100,
    set: withLogger('/usr/bin/runsv', (logs) => ['svlogd', '-tt', logs], false),
  },
  {
    name: 'supervisord',
    settleMs: 1100,
    set: (directory, services) => {
      const file = join(directory, 'supervisord.conf');
      const programs = Object.entries(services).map(
        ([name, words]) => `[program:${name}]\ncommand=${words.join(' ')}\nautorestart=true\n`,
      );
      const main = `[supervisord]\nnodaemon=true\npidfile=${file}.pid\nlogfile=${file}.log\nchildlogdir=${directory}\n`;
      writeFileSync(file, [main, ...programs].join('\n'));
      return [['/usr/bin/supervisord', '-c', file]];
    },
  },
];

/** A peer at work: the processes that keep the services up. */
export class RunningPeer {
  readonly #directory = mkdtempSync('/tmp/jaild-bench-');
  readonly #children: readonly ChildProcess[];

  constructor(peer: SupervisorPeer, services: Readonly<Record<string, readonly string[]>>) {
    this.#children = peer
      .set(this.#directory, services)
      .map(([file = '', ...words]) => spawn(file, words, { stdio: 'ignore', detached: true }));
  }

  /** The children of its processes, which are the services and their loggers. */
  services(): readonly number[] {
    return this.#children.flatMap(({ pid = 0 }) => childrenOf(pid));
  }

  /** KB of memory of all its processes and of the loggers, without the services that run `words`. */
  size(words: string): number {
    const own = this.#children.map(({ pid = 0 }) => pid);
    const loggers = this.services().filter((pid) => !commandOf(pid).includes(words));
    // One that has just ended takes nothing.
    const there = [...own, ...loggers].filter((pid) => existsSync(`/proc/${pid}`));
    return there.reduce((sum, pid) => sum + pss(pid), 0);
  }

  async close(): Promise<void> {
    const services = this.services();
    for (const child of this.#children) child.kill('SIGKILL');
    for (const child of this.#children)
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    for (const pid of services) if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
    rmSync(this.#directory, { recursive: true });
  }
}

function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');

/** Time from killing a service until it runs again, as the peer does it. */
export function crashOfPeer(
  peer: SupervisorPeer,
  watch: Stopwatch,
): { readonly attempt: Attempt; readonly close: () => Promise<void> } {
  const directory = mkdtempSync('/tmp/jaild-bench-');
  const fifo = join(directory, 'beat');
  spawnSync('mkfifo', [fifo]);
  const running = new RunningPeer(peer, { beating: [stopwatchProgram, 'beat', fifo] });
  spawnSync('head', ['-c8', fifo]);
  return {
    attempt: async () => {
      await sleep(peer.settleMs);
      const service = running.services().find((pid) => commandOf(pid).includes(fifo));
      if (service === undefined) throw new Error(`${peer.name} has no service`);
      return watch.crash(service, fifo);
    },
    close: async () => {
      await running.close();
      rmSync(directory, { recursive: true });
    },
  };
}
