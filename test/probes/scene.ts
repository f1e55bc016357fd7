import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { TestInstance, type Answer } from '../support/instance.js';
import { soonFor } from '../support/soon.js';
import { compileProbes, devicesOf } from './program.js';

const NAMESPACES = ['mnt', 'pid', 'user', 'net', 'ipc', 'uts', 'cgroup', 'time'];
const kernel = (path: string): string => readFileSync(path, 'utf8').trim();
const first = (path: string, pattern: RegExp): string => pattern.exec(kernel(path))?.[0] ?? 'nothing';

/** One jaild with default jails to attack: `box` and `other` with roots of their own, `twin` on the root of `box`. */
export class Scene {
  readonly instance = new TestInstance();
  readonly outside = join(this.instance.prefix, 'outside');
  #listeners: ChildProcess[] = [];

  async open(): Promise<void> {
    mkdirSync(this.outside);
    // Root in a jail is no user of the host: it is to be kept out by more than the owner.
    chmodSync(this.outside, 0o777);
    writeFileSync(join(this.outside, 'secret'), 'secret\n');
    for (const name of ['box', 'other']) this.furnish(this.instance.newRoot(name));
    this.instance.configure(`
      * { path = "$prefix/roots/$name"; command = "/bin/sleep 1000"; restart = no; }
      box { } other { } twin { path = "$prefix/roots/box"; }
      noisy { path = "$prefix/roots/other"; command = "yes | head -c 60000000; sleep 1000"; }
      stubborn { path = "$prefix/roots/other"; stop.timeout = 1s; command = "trap '' TERM INT HUP; while :; do sleep 1; done"; }
    `);
    await this.instance.start();
    await this.#listen();
    for (const name of ['box', 'other']) this.#tellOfHost(this.rootOf(name));
    this.expectDone(this.ctl('start', 'box', 'other', 'twin'));
    this.#soon = soonFor(() => this.instance.ctl('list'));
  }

  /** Milliseconds within which jaild answers, on this host as it is. */
  get soon(): number {
    return this.#soon;
  }

  async close(): Promise<void> {
    for (const listener of this.#listeners) listener.kill('SIGTERM');
    spawnSync('rm', ['-f', `/dev/shm/${this.secretName}`]);
    await this.instance.close();
  }

  get secretName(): string {
    return `jaild-probes-${process.pid}`;
  }

  rootOf(name: string): string {
    return join(this.instance.prefix, 'roots', name);
  }

  ctl(...words: readonly string[]): Answer {
    return this.instance.ctl(...words);
  }

  /** A shell's words in a jail. */
  shell(jail: string, script: string): string {
    return this.ctl('exec', jail, '--', '/bin/sh', '-c', script).stdout.trim();
  }

  /** The pids of a jail: its jailer, its process 1 and its command. */
  pids(jail: string): { readonly jailer: number; readonly init: number; readonly command: number } {
    const init = this.instance.status(jail).pid ?? -1;
    const command = Number(kernel(`/proc/${init}/task/${init}/children`).split(' ')[0]);
    return { jailer: Number(this.status(init)['PPid']), init, command };
  }

  status(pid: number | string): Readonly<Record<string, string>> {
    const lines = kernel(`/proc/${pid}/status`).split('\n');
    return Object.fromEntries(lines.map((line) => line.split(/:\s*/) as [string, string]));
  }

  /** The descriptors of a process: what they lead to. */
  descriptors(pid: number): readonly string[] {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
      } catch {
        return []; // Closed while we looked.
      }
    });
  }

  /** Everything below the directory that nobody in a jail may touch, with its times. */
  outsideNow(): string {
    const seen = readdirSync(this.outside, { recursive: true, encoding: 'utf8' }).sort();
    return [this.outside, ...seen.map((name) => join(this.outside, name))]
      .map((path) => `${path} ${statSync(path).mtimeMs} ${statSync(path).mode} ${statSync(path).uid}`)
      .join('\n');
  }

  expectDone(answer: Answer): void {
    if (answer.code !== 0) throw new Error(`${answer.stdout}${answer.stderr}${this.instance.log}`);
  }

  /** The program of probes, device nodes, and a directory for them in a root. */
  furnish(root: string): void {
    cpSync(compileProbes(), join(root, 'bin/probe'));
    mkdirSync(join(root, 'srv'));
    for (const { name, kind, major, minor } of devicesOf())
      spawnSync('mknod', ['-m', '666', join(root, 'srv', name), kind, major, minor]);
  }

  async #listen(): Promise<void> {
    const words = [
      '-t',
      String(this.instance.daemonPid),
      '-n',
      compileProbes(),
      'listen',
      this.secretName,
      String(process.pid),
    ];
    const listener = spawn('nsenter', words, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#listeners.push(listener);
    const port = await new Promise<string>((resolve) =>
      listener.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString().trim())),
    );
    this.#port = port;
    writeFileSync(`/dev/shm/${this.secretName}`, 'host');
  }

  #port = '';
  #soon = 0;

  /** What probes compare with: etc/host in a root, one "KEY VALUE" on each line. */
  #tellOfHost(root: string): void {
    const figures = {
      memtotal: first('/proc/meminfo', /MemTotal:.*/),
      btime: first('/proc/stat', /btime .*/),
      cmdline: kernel('/proc/cmdline'),
      bootid: kernel('/proc/sys/kernel/random/boot_id'),
      machineid: first('/etc/machine-id', /\w+/),
      root: this.instance.prefix,
      model: first('/proc/cpuinfo', /model name.*/),
      pages: first('/proc/vmstat', /pgfault \d+/),
      disk: first('/proc/self/mountinfo', /(?<= - \S+ )\/dev\/\S+/),
      // The kernel's own pattern tells nothing of a host.
      corepattern: kernel('/proc/sys/kernel/core_pattern').replace(/^core$/, 'the pattern of the host'),
      hostname: hostname(),
      cgroup: 'jaild',
    };
    const facts: Readonly<Record<string, string | number>> = {
      abstract: this.secretName,
      port: this.#port,
      processors: availableParallelism(),
      root: this.instance.prefix,
      inotify: kernel('/proc/sys/user/max_inotify_instances'),
      shmkey: process.pid,
      shmfile: `/dev/shm/${this.secretName}`,
      queue: `/${this.secretName}`,
      uptime: Math.floor(Number(kernel('/proc/uptime').split(' ')[0])),
      tasks: kernel('/proc/loadavg').split(/[ /]/)[4] ?? 0,
      kilobytes: first('/proc/meminfo', /(?<=MemTotal:\s+)\d+/),
      ...Object.fromEntries(NAMESPACES.map((n) => [`namespace_${n}`, readlinkSync(`/proc/self/ns/${n}`)])),
      ...Object.fromEntries(Object.entries(figures).map(([key, value]) => [`figure_${key}`, value])),
    };
    const text = Object.entries(facts).map(([key, value]) => `${key} ${value}\n`);
    writeFileSync(join(root, 'etc/host'), text.join(''));
  }
}
