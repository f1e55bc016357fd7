import { openSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { dispatchCommands } from './cli/dispatch.js';
import { reloadLine } from './cli/reload-text.js';
import { packageVersion } from './cli/version.js';
import { formatDiagnostic } from './config/diagnostic.js';
import { withholdBroken } from './config/jail.js';
import { configurationFiles, distrustAt, loadConfiguration } from './config/load.js';
import { findGroup } from './control/access.js';
import type { Dispatch } from './control/connection.js';
import { describeFailure } from './control/failure.js';
import { proveControl } from './control/proof.js';
import { serveControl, type ControlServer } from './control/server.js';
import { makeLog } from './daemon/log.js';
import { Metrics } from './daemon/metrics.js';
import { makeNotifier, type Notifier } from './daemon/notify.js';
import { beWatched } from './daemon/outside.js';
import { readSettings, withDefaults } from './daemon/read-settings.js';
import type { Settings } from './daemon/settings.js';
import { isAnybodySilent } from './host/answering.js';
import { readText } from './host/files.js';
import { flockExclusive, keepDescriptors } from './host/libc/descriptors.js';
import { exitAtOnce } from './host/libc/processes.js';
import { notifySocket } from './host/libc/sockets.js';
import { Machine } from './host/machine.js';
import { ownDirectory } from './host/own-directory.js';
import { lookAtPeer } from './host/peer.js';
import { inherited, reapInherited, renew, tryProgram, type Inherited } from './host/renewal.js';
import { instanceBelow, type Instance } from './plan/instance.js';
import { planJail } from './plan/jail.js';
import { systemClock } from './supervise/clock.js';
import type { Log } from './supervise/log.js';
import { Supervisor } from './supervise/supervisor.js';

const usage = `usage: jaild [-d] [--prefix DIR]

Keeps the jails of /etc/jail.conf as they are asked to be; runs in the foreground.

  -d, --debug      log every step that is done and undone
  --prefix DIR     keep everything below DIR: an instance of its own beside any other
  --version        print the version
  -h, --help       print this
`;

/** jaild can't begin: what to print, and the exit code of design: 1 failed, 2 wrong use or wrong configuration. */
class Unable extends Error {
  readonly code: 1 | 2;

  constructor(code: 1 | 2, text: string) {
    super(text);
    this.code = code;
  }
}

function unable(code: 1 | 2, what: string, hint: string): Unable {
  return new Unable(code, `error: ${what}\nhint: ${hint}\n`);
}

/** Milliseconds that commands have to be answered by a jaild that begins anew. */
const ANSWERS_MS = 2000;

interface Words {
  readonly debug: boolean;
  readonly prefix: string;
}

function readWords(argv: readonly string[]): Words | 'help' | 'version' {
  const options = {
    debug: { type: 'boolean', short: 'd', default: false },
    prefix: { type: 'string', default: process.env['JAILD_PREFIX'] ?? '' },
    help: { type: 'boolean', short: 'h' },
    version: { type: 'boolean' },
  } as const;
  try {
    const { values } = parseArgs({ args: [...argv], options });
    if (values.help === true) return 'help';
    if (values.version === true) return 'version';
    const prefix = values.prefix === '' || values.prefix === '/' ? '' : resolve(values.prefix);
    return { debug: values.debug, prefix };
  } catch (error) {
    throw unable(
      2,
      error instanceof Error ? error.message : String(error),
      'jaild --help shows how it is used',
    );
  }
}

/** Makes the instance's directories. What lies in them is for root alone, but jails' logs may be read by a group. */
function makeDirectories(instance: Instance): void {
  // Whatever jaild was started with: files that name no mode of their own are not for others to write, nor for none to read.
  process.umask(0o022);
  ownDirectory(instance.runDirectory, 0o755);
  ownDirectory(instance.stateDirectory, 0o700);
  ownDirectory(instance.logDirectory, 0o750);
}

/** One jaild per prefix: the lock goes with the process, however it ends. flock(2). @returns its descriptor */
function lock(instance: Instance, left: Inherited | null): number {
  const path = `${instance.runDirectory}/jaild.lock`;
  const fd = left?.lock ?? openSync(path, 'a', 0o600);
  if (flockExclusive(fd)) return fd;
  throw unable(
    1,
    `another jaild is already running on ${instance.prefix === '' ? 'this host' : instance.prefix}`,
    `it holds ${path}`,
  );
}

/** @throws Unable with every mistake in jaild.ini. */
function settingsOf(instance: Instance): Settings {
  const file = instance.settingsFile;
  const distrust = distrustAt(file);
  if (distrust !== null) throw unable(2, `cannot read ${file}: ${distrust.reason}`, distrust.hint);
  const { settings, diagnostics } = readSettings(readText(file) ?? '', file);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Unable(2, `${errors.map((one) => formatDiagnostic(one)).join('\n')}\n`);
  return settings;
}

/** The files of jails. One that has vanished is a mistake to be told of, not one that says "no jails". */
function configurationOf({ jailConf, jailConfDirectory }: Instance): readonly string[] {
  const files = configurationFiles(jailConf, jailConfDirectory);
  return files.length === 0 ? [jailConf] : files;
}

const FAREWELL_MS = 300;
const FAREWELL_LOOK_MS = 5;

/** Everything of a running jaild, put together. */
class Daemon {
  readonly #machine: Machine;
  readonly #notifier: Notifier;
  readonly #supervisor: Supervisor;
  readonly #metrics: Metrics;
  #control: ControlServer | null = null;
  #endWatching: (() => Promise<void>) | null = null;
  #isEnding = false;
  #isRenewing = false;

  constructor(
    readonly instance: Instance,
    readonly settings: Settings,
    readonly log: Log,
    readonly lock: number,
  ) {
    this.#machine = new Machine({
      instance,
      cgroupRoot: settings['cgroup.root'] === '' ? null : settings['cgroup.root'],
      subnets: settings['network.subnets'],
      uids: { base: settings['uids.base'], count: settings['uids.count'] },
      logSockets: { journald: settings['targets.journald'], syslog: settings['targets.syslog'] },
      listener: {
        warn: (message) => log.warn(message),
        hookOutput: (jail, phase, line) => log.child(jail).info(`${phase}: ${line}`),
      },
    });
    this.#notifier = makeNotifier(process.env['NOTIFY_SOCKET'], notifySocket, (message) => log.warn(message));
    const parallel = settings['daemon.parallel'];
    this.#supervisor = new Supervisor({
      host: this.#machine,
      load: (file) => {
        const files = file === undefined ? configurationOf(instance) : [file];
        return withDefaults(withholdBroken(loadConfiguration(files, instance.ruleFile, 'root')), settings);
      },
      planJail,
      log,
      autostart: settings['daemon.autostart'],
      version: packageVersion(),
      ...(parallel > 0 && { parallel }),
    });
    this.#metrics = new Metrics(this.#supervisor, packageVersion(), () => performance.now());
  }

  /** @param left what an earlier jaild of the same process has left, if one has */
  async begin(left: Inherited | null): Promise<void> {
    if (left !== null) reapInherited();
    await this.#supervisor.boot();
    for (const diagnostic of this.#supervisor.configuration.diagnostics) {
      this.log.warn(formatDiagnostic(diagnostic));
    }
    this.#control = await serveControl({
      socket: this.instance.socket,
      group: this.settings['socket.group'],
      dispatch: this.#dispatch(),
      log: (level, message) => this.log[level](message),
      credentials: lookAtPeer,
      ...(left !== null && { inherited: left.control }),
    });
    process.on('SIGTERM', () => void this.#end(this.settings['daemon.shutdown'] === 'stop'));
    process.on('SIGINT', () => void this.#end(this.settings['daemon.shutdown'] === 'stop'));
    process.on('SIGHUP', () => void this.#reload());
    process.on('SIGUSR2', this.#renew);
    this.#endWatching = await this.#beWatched();
    this.log.info(`ready on ${this.instance.socket}`);
  }

  #beWatched(): Promise<() => Promise<void>> {
    const operations = this.#supervisor;
    return beWatched({
      operations,
      metrics: this.#metrics,
      listen: this.settings['metrics.listen'],
      group: findGroup(readText('/etc/group') ?? '', this.settings['socket.group']),
      notifier: this.#notifier,
      log: this.log,
      look: () => operations.lookForOomKills(),
      prove: (timeoutMs) => proveControl(this.instance.socket, timeoutMs),
    });
  }

  /** The table of commands; after a `shutdown` has been answered, jaild ends. */
  #dispatch(): Dispatch {
    const dispatch = dispatchCommands({
      instance: this.instance,
      operations: this.#supervisor,
      metrics: () => this.#metrics.text(),
    });
    return async (conversation) => {
      const answer = await dispatch(conversation);
      if (this.#supervisor.isShutDown) setImmediate(() => void this.#end(false));
      return answer;
    };
  }

  /** Whoever follows the events is told of the end, and goes. */
  async #farewell(): Promise<void> {
    this.#supervisor.end();
    const until = performance.now() + FAREWELL_MS;
    while (this.#supervisor.journal.isHeard && performance.now() < until) await sleep(FAREWELL_LOOK_MS);
    await this.#endWatching?.();
  }

  async #reload(): Promise<void> {
    this.#notifier.reloading(systemClock.monotonic());
    try {
      const { ok, diagnostics, changes } = await this.#supervisor.reload(false);
      for (const diagnostic of diagnostics) this.log.warn(formatDiagnostic(diagnostic));
      for (const line of changes.map((one) => reloadLine(one))) if (line !== '') this.log.info(line);
      this.log.info(ok ? `reloaded: ${changes.length} jails changed` : 'not reloaded: nothing has changed');
    } catch (error) {
      this.log.error(`not reloaded: ${describeFailure(error).text.trimEnd()}`);
    }
    this.#notifier.ready();
  }

  readonly #renew = (): void => void this.#beginAnew();

  /** Begins anew as the program that is there by now. One that cannot be run is left alone. */
  async #beginAnew(): Promise<void> {
    const control = this.#control;
    if (this.#isEnding || this.#isRenewing || control === null) return;
    this.#isRenewing = true;
    try {
      await tryProgram();
      this.#notifier.reloading(systemClock.monotonic());
      await this.#handOver(control);
    } catch (error) {
      // What was tried has made the process deaf to it.
      process.off('SIGUSR2', this.#renew).on('SIGUSR2', this.#renew);
      this.log.error(
        `cannot begin anew, going on: ${error instanceof Error ? error.message : String(error)}`,
      );
      this.#notifier.ready();
    } finally {
      this.#isRenewing = false;
    }
  }

  /** Nobody is cut off in the middle of an answer: who calls from now on is answered by the next jaild. */
  async #handOver(control: ControlServer): Promise<void> {
    const descriptor = control.suspend();
    try {
      await control.untilQuiet(ANSWERS_MS);
      await this.#supervisor.saved();
      this.log.info('beginning anew');
      renew({ lock: this.lock, control: descriptor });
    } catch (error) {
      await control.resume(descriptor);
      throw error;
    }
  }

  async #end(stopsJails: boolean): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#notifier.stopping();
    if (stopsJails) await this.#supervisor.shutdown();
    await this.#farewell();
    // Whoever asked for it may not have taken all of the answer yet.
    if (this.#supervisor.isShutDown) await this.#control?.untilQuiet(ANSWERS_MS);
    await this.#control?.close();
    if (this.#supervisor.isShutDown) this.#machine.close();
    this.log.info(this.#supervisor.isShutDown ? 'ended, every jail is stopped' : 'ended, the jails run on');
    // A thread that looks at a file system which does not answer would be waited for.
    if (isAnybodySilent()) exitAtOnce(0);
    process.exit(0);
  }
}

async function main(): Promise<void> {
  const words = readWords(process.argv.slice(2));
  if (words === 'help') return void process.stdout.write(usage);
  if (words === 'version') return void process.stdout.write(`jaild ${packageVersion()}\n`);
  if (process.getuid?.() !== 0) throw unable(1, 'jaild needs root: only root may make jails', 'sudo jaild');
  // Whoever started jaild, commands on the host have the usual mask and none of its descriptors.
  process.umask(0o022);
  keepDescriptors();
  const left = inherited();
  const instance = instanceBelow(words.prefix);
  const settings = settingsOf(instance);
  makeDirectories(instance);
  const held = lock(instance, left);
  const log = makeLog({
    level: words.debug ? 'debug' : settings['log.level'],
    format: settings['log.format'],
    stream: process.stderr,
    colour: process.stderr.isTTY && process.env['NO_COLOR'] === undefined,
    timestamps: process.env['JOURNAL_STREAM'] === undefined,
  });
  await new Daemon(instance, settings, log, held).begin(left);
}

try {
  await main();
} catch (error) {
  const hint =
    error instanceof Error && 'hint' in error && typeof error.hint === 'string'
      ? `hint: ${error.hint}\n`
      : '';
  process.stderr.write(
    error instanceof Unable
      ? error.message
      : `error: ${error instanceof Error ? error.message : String(error)}\n${hint}`,
  );
  process.exitCode = error instanceof Unable ? error.code : 1;
}
