import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { renameSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeBusyboxRoot } from './root.js';
import { leftovers } from './leftovers.js';
import { patience } from './patience.js';

const repository = join(import.meta.dirname, '../../..');
/** Limits of waiting, for what never comes: below that of a test (.mocharc.json). */
const UNTIL_MS = 60_000;
const ANSWER_MS = 120_000;

/** What a command said, and how it ended. */
export interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The part of `jailctl status --json` that tests look at. */
export interface StatusJson {
  readonly name: string;
  readonly jid: number | null;
  readonly state: string;
  readonly pid: number | null;
  readonly command_pid: number | null;
  readonly ip4: readonly string[];
  readonly ip6: readonly string[];
  readonly cgroup: string | null;
  readonly started_at: string | null;
  readonly restarts: number;
  readonly exit: {
    readonly code: number | null;
    readonly signal: number | null;
    readonly oom: boolean;
    readonly cause: string;
  } | null;
  readonly next: {
    readonly restart: string | null;
    readonly start: string | null;
    readonly stop: string | null;
  };
}

/**
 * A jaild of a test's own: below its own prefix, in a network namespace of its own, so that it runs beside any
 * other and no packet leaves. `close` ends it and proves that nothing of it is left.
 */
export class TestInstance {
  readonly prefix: string;
  /** A busybox root that jails of the test may share. */
  readonly root: string;
  /** A directory of the v2 tree in which jaild is started, as a service manager does it; null leaves it where the tests are. */
  cgroup: string | null = null;
  /** What the environment of jaild has beside that of the tests. */
  environment: Readonly<Record<string, string>> = {};
  /** Words that jailctl is run by, for one that is where jaild can see it. */
  beside: readonly string[] = [];
  #holder: ChildProcess | null = null;
  #daemon: ChildProcess | null = null;
  #log = '';

  /** @param wrapper words that jaild is started by, for a jaild under a limit */
  constructor(private readonly wrapper: readonly string[] = []) {
    this.prefix = mkdtempSync(join(tmpdir(), 'jaild-test-'));
    spawnSync('chmod', ['755', this.prefix]);
    // A jail needs no way to its root from the host, and nobody else is to have one.
    mkdirSync(join(this.prefix, 'roots'), { mode: 0o700 });
    this.root = makeBusyboxRoot(join(this.prefix, 'roots/busybox'));
    for (const directory of ['etc', 'run', 'var/lib', 'var/log'])
      mkdirSync(join(this.prefix, directory), { recursive: true });
  }

  /** Writes etc/jail.conf; `$root` in it is the busybox root. The text begins in its third line. */
  configure(text: string): void {
    const known = Object.entries({ root: this.root, prefix: this.prefix });
    const isUsed = (name: string): boolean => new RegExp(`\\$\\{?${name}\\b`).test(text);
    const lines = known.map(([name, path]) => (isUsed(name) ? `$${name} = "${path}";` : ''));
    this.replace('etc/jail.conf', [...lines, text].join('\n'));
  }

  /** Writes a file that is whole at any moment, as editors do it: jaild may be reading it. */
  replace(path: string, text: string): void {
    renameSync(this.write(`${path}.new`, text), join(this.prefix, path));
  }

  write(path: string, text: string): string {
    const full = join(this.prefix, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
    return full;
  }

  /** A further root directory, made by busybox like the shared one. */
  newRoot(name: string): string {
    return makeBusyboxRoot(join(this.prefix, 'roots', name));
  }

  get daemonPid(): number {
    return this.#daemon?.pid ?? -1;
  }

  /** What jaild has logged so far. */
  get log(): string {
    return this.#log;
  }

  /** Starts jaild and waits until it answers. */
  async start(...options: readonly string[]): Promise<void> {
    await this.#hold();
    const daemon = spawn(
      'nsenter',
      this.inNetwork([
        ...this.wrapper,
        ...this.#enterCgroup(),
        ...this.wrapper,
        join(repository, 'bin/jaild'),
        '--prefix',
        this.prefix,
        ...options,
      ]),
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        cwd: '/',
        env: { ...process.env, ...this.environment },
      },
    );
    daemon.stdout.on('data', (bytes: Buffer) => (this.#log += bytes.toString()));
    daemon.stderr.on('data', (bytes: Buffer) => (this.#log += bytes.toString()));
    this.#daemon = daemon;
    await this.until('jaild answers', () => {
      if (daemon.exitCode !== null) throw new Error(`jaild ended with ${daemon.exitCode}:\n${this.#log}`);
      return existsSync(join(this.prefix, 'run/jaild/jaild.sock')) && this.ctl('list').code === 0;
    });
  }

  /** Runs jailctl and waits for it. */
  ctl(...words: readonly string[]): Answer {
    return this.run(this.#jailctl(words));
  }

  /** Runs jailctl without waiting. */
  ctlLater(...words: readonly string[]): Promise<Answer> {
    return new Promise((resolve) => {
      const [file = '', ...rest] = this.#jailctl(words);
      const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes));
      child.stderr.on('data', (bytes: Buffer) => stderr.push(bytes));
      child.on('close', (code) =>
        resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
      );
    });
  }

  #jailctl(words: readonly string[]): readonly string[] {
    return [...this.beside, join(repository, 'bin/jailctl'), '--prefix', this.prefix, ...words];
  }

  /** Runs any of bin/ with this instance named by the environment. */
  run(argv: readonly string[], input = ''): Answer {
    const [file = '', ...rest] = argv;
    const { status, stdout, stderr } = spawnSync(file, rest, {
      encoding: 'utf8',
      input,
      env: { ...process.env, JAILD_PREFIX: this.prefix },
      timeout: ANSWER_MS * patience,
      maxBuffer: Infinity,
    });
    return { code: status, stdout, stderr };
  }

  bin(name: string): string {
    return join(repository, 'bin', name);
  }

  /** Runs a command in the network namespace in which jaild runs. */
  onHost(...argv: readonly string[]): Answer {
    return this.run(this.wordsOnHost(...argv));
  }

  /** The words that run others there. */
  wordsOnHost(...argv: readonly string[]): readonly string[] {
    return ['nsenter', ...this.inNetwork(argv)];
  }

  status(name: string): StatusJson {
    const answer = this.ctl('status', name, '--json');
    const parsed = JSON.parse(answer.stdout) as { readonly jails: readonly StatusJson[] };
    const [jail] = parsed.jails;
    if (jail === undefined) throw new Error(`no status of ${name}: ${answer.stderr}`);
    return jail;
  }

  /** Of all jails. */
  statuses(): readonly StatusJson[] {
    const { stdout } = this.ctl('status', '--json');
    return (JSON.parse(stdout) as { readonly jails: readonly StatusJson[] }).jails;
  }

  /** The text of a jail's log. */
  logOf(name: string): string {
    return readFileSync(join(this.prefix, 'var/log/jaild', `${name}.log`), 'utf8');
  }

  /** Waits until something is so, for much longer than it takes on a host that has much else to do. */
  async until(what: string, isSo: () => boolean): Promise<void> {
    const end = Date.now() + UNTIL_MS * patience;
    while (!isSo()) {
      if (Date.now() > end) throw new Error(`not within ${UNTIL_MS / 1000} s: ${what}\n${this.#log}`);
      await sleep(20);
    }
  }

  /** SIGKILL for jaild, as the out-of-memory killer would do it. */
  async killDaemon(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM for jaild: it ends and leaves its jails running. */
  async endDaemon(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Waits until jaild has ended by itself. @returns the signal that ended it, if one did */
  async untilDaemonEnds(what: string): Promise<NodeJS.Signals | null> {
    const daemon = this.#daemon;
    if (daemon === null) return null;
    await this.until(what, () => daemon.exitCode !== null || daemon.signalCode !== null);
    this.#daemon = null;
    return daemon.signalCode;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = null;
    if (daemon === null || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const ended = new Promise((resolve) => daemon.once('exit', resolve));
    daemon.kill(signal);
    await ended;
  }

  /** Shuts everything down, removes the prefix and throws when a mount, link, cgroup, namespace or process is left. */
  async close(): Promise<void> {
    if (this.#daemon === null) await this.start();
    const answer = this.ctl('shutdown');
    await this.#end('SIGTERM');
    this.#holder?.kill('SIGKILL');
    rmSync(this.prefix, { recursive: true, force: true });
    if (answer.code !== 0) throw new Error(`shutdown: ${answer.stderr}\n${this.#log}`);
    const left = leftovers(this.prefix);
    if (left.length > 0) throw new Error(`left behind:\n${left.join('\n')}`);
  }

  async #hold(): Promise<void> {
    if (this.#holder !== null) return;
    this.#holder = spawn('unshare', ['-n', 'sh', '-c', 'ip link set lo up && echo up && exec sleep 100000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => this.#holder?.stdout?.once('data', resolve));
  }

  #enterCgroup(): string[] {
    if (this.cgroup === null) return [];
    return ['sh', '-c', 'echo 0 > "$0" && exec "$@"', `${this.cgroup}/cgroup.procs`];
  }

  /** The words for nsenter(1) that a command is run by in the network namespace of jaild. */
  inNetwork(argv: readonly string[]): string[] {
    return ['-t', String(this.#holder?.pid), '-n', '--', ...argv];
  }
}
