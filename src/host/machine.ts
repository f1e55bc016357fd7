import { existsSync, mkdirSync } from 'node:fs';
import { constants, release } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Jail } from '../config/jail.js';
import { parseFstab } from '../config/fstab.js';
import type { JailParams } from '../config/params.js';
import type { ResourceName } from '../config/rctl/resources.js';
import type { Observation, Subject } from '../plan/audit/observation.js';
import { systemJailUser } from '../plan/account.js';
import { limitedDevices } from '../plan/cgroup.js';
import { devicesOf } from '../plan/devices.js';
import type { CgroupFacts, HostFacts, HostLimits } from '../plan/facts.js';
import { keepFromHost } from '../plan/host-directories.js';
import type { OwnDirectories } from '../plan/host-part.js';
import type { Instance } from '../plan/instance.js';
import { labelsOf } from '../plan/labels.js';
import { logFile, type LogSockets } from '../plan/log.js';
import { linkOwner } from '../plan/network.js';
import { limitsDisk } from '../plan/rctl.js';
import { markReach, reachOf, type Reach } from '../plan/reach.js';
import { coreRules } from '../plan/resource-limits.js';
import { isProfile } from '../plan/seccomp-profile/parse.js';
import { openPolicy, policyBase, profiledPolicy, seccompPolicy } from '../plan/seccomp.js';
import type { FirewallArgs } from '../plan/step.js';
import type { SubnetPool } from '../plan/lease-subnet.js';
import type { UidPool } from '../plan/uidrange.js';
import type { Way } from '../plan/way.js';
import { untilAnswered } from './answering.js';
import {
  readAccounting,
  readBriefly,
  readFigure,
  readOomKills,
  readRefusedForks,
} from './cgroup-accounting.js';
import { detectCgroups } from './cgroup-facts.js';
import { freeze, killCgroup, population } from './cgroup-processes.js';
import { prepareRoot, removeRoot } from './cgroup.js';
import { findDeviceAccess } from './device-access.js';
import { findDevices } from './device.js';
import { diskOf } from './disk.js';
import { SystemError } from './error.js';
import { makeExecutors } from './executors.js';
import type { StepListener } from './step-listener.js';
import { Firewall } from './firewall.js';
import { Gate } from './gate.js';
import { forwardEverywhere } from './passing.js';
import { clockReader, hostMachineId, readHardware } from './figures.js';
import { systemError } from './files.js';
import { countDescriptors, HostLimitsReader, ownHardLimits } from './host-limits.js';
import { HookNotes } from './hook-notes.js';
import type { Executors, Figure, Host, JailerHandle, KeptLog } from './host.js';
import { readHostUsage } from './host-usage.js';
import { connectJailer, readExitRecord } from './jailer.js';
import { KnownText } from './known-text.js';
import { countTraffic, viewNetwork } from './network-view.js';
import { LogKeeper } from './log-keeper.js';
import { observeJail } from './observe.js';
import { readHostOomKills } from './oom-kills.js';
import { directoriesOf } from './own-directory.js';
import { nameFacts } from './names.js';
import { findSystemUser } from './passwd.js';
import { addressesOfHostname } from './resolve.js';
import { bootId, isStopped } from './procfs.js';
import { readWithinReach } from './reach.js';
import { blockDeviceNumbers, checkRoot, readFstabs } from './root.js';
import { LeaseStore } from './leases.js';
import { lineage } from './lineage.js';
import { SeccompCache } from './seccomp.js';
import { securityModules } from './security-modules.js';
import { sweepNetwork } from './sweep.js';
import { SysctlLedger } from './sysctl-ledger.js';
import { UidRangeStore } from './uidrange.js';
import { followWays, namedPaths, withBrinks } from './ways.js';
import { readUsage } from './usage.js';

const repository = join(import.meta.dirname, '../../..');
const seccompCompiler = join(repository, 'native/build/seccomp-compile');
const defaultPolicy = join(repository, 'etc/seccomp/default.policy');

/** Descriptors that starts leave: for clients, commands on the host and the files that are open for a moment. */
const SPARE_DESCRIPTORS = 40;

/** What the machine is told by jaild.ini. */
export interface MachineOptions {
  readonly instance: Instance;
  /** Where the jails' cgroups go instead of the place that is found by looking, or null. */
  readonly cgroupRoot: string | null;
  readonly uids: UidPool;
  /** Where bridges with `bridge.subnet = auto` have their subnets from. */
  readonly subnets: SubnetPool;
  /** Where logs go beside files. */
  readonly logSockets: LogSockets;
  readonly listener: StepListener;
}

/** Those that limits name, and the disk below the jail's root where limits are about that. */
function blockDevicesOf(values: JailParams): ReadonlyMap<string, string> {
  const named = blockDeviceNumbers(limitedDevices(values));
  const { path = '/' } = values;
  return limitsDisk(values) ? new Map([...named, [path, diskOf(path)]]) : named;
}

/** The real machine: reads what plans must know about it, and does their steps. */
export class Machine implements Host {
  readonly instance: Instance;
  readonly executors: Executors;
  readonly #listener: StepListener;
  readonly #uids: UidRangeStore;
  readonly #leases: LeaseStore;
  readonly #seccomp: SeccompCache;
  readonly #hasTimeNamespaces = existsSync('/proc/self/ns/time');
  readonly #hardware = readHardware();
  readonly #clocks = clockReader();
  readonly #machineId = hostMachineId() ?? '';
  readonly #bootId = bootId();
  readonly #openFilesLimit = ownHardLimits()['nofile'] ?? Infinity;
  readonly #limits = new HostLimitsReader();
  readonly #defaultPolicy = new KnownText(defaultPolicy);
  readonly #reach = new Set<string>();
  readonly #own: OwnDirectories;
  readonly #sysctls: SysctlLedger;
  readonly #firewall: Firewall;
  readonly #hookNotes: HookNotes;
  readonly #logs: LogKeeper;
  readonly #logSockets: LogSockets;
  #cgroups: CgroupFacts;
  #areCgroupsReady = false;

  /** @throws SystemError when the host's cgroups or the given-out uid ranges can't be read. */
  constructor({ instance, cgroupRoot, uids, subnets, logSockets, listener }: MachineOptions) {
    this.instance = instance;
    this.#own = directoriesOf(instance);
    this.#listener = listener;
    this.#cgroups = detectCgroups(instance, cgroupRoot);
    this.#uids = UidRangeStore.open(instance, Date.now(), uids);
    this.#leases = LeaseStore.open(instance, Date.now(), subnets);
    for (const { damage } of [this.#uids, this.#leases])
      if (damage !== null) listener.warn(`${damage.message}: ${damage.hint ?? ''}`);
    this.#seccomp = new SeccompCache(instance.stateDirectory, seccompCompiler);
    this.#sysctls = new SysctlLedger(instance.runDirectory, this.#bootId, new Gate(instance.key));
    if (this.#sysctls.damage !== null) listener.warn(this.#sysctls.damage.message);
    this.#firewall = new Firewall(instance);
    this.#hookNotes = new HookNotes(instance.runDirectory, this.#bootId);
    this.#logSockets = logSockets;
    this.#logs = new LogKeeper(
      (log) => this.#logPath(log),
      (message) => listener.warn(message),
    );
    const prepareCgroups = (): void => this.#prepareCgroups();
    this.executors = makeExecutors(listener, this.#firewall, this.#sysctls, prepareCgroups, this.#hookNotes);
  }

  async facts(jail: Jail): Promise<HostFacts> {
    const { values } = jail;
    const answers = untilAnswered(namedPaths(values).map(([, path]) => path));
    answers.catch(() => undefined); // whoever waits for it hears of it
    this.#checkDescriptors();
    this.#prepareCgroups();
    this.#makeDirectories();
    const limits = this.#limits.read();
    const figures = { ...this.#hardware, ...this.#clocks() };
    const uidBase = this.#uidBase(jail);
    await answers;
    // These commands may make it; a root that is not there then is refused by the jailer.
    if (values['exec.prepare'] === undefined && values['exec.prestart'] === undefined)
      checkRoot(values.path ?? '/');
    const ways = followWays(namedPaths(values));
    keepFromHost(values, this.#own, (path) => ways.get(path)?.real ?? path);
    const { fstabs, reach } = await this.#readFstabs(jail, ways);
    const systemUser = systemJailUser(jail);
    const hostnameAddresses = values.ip_hostname === true ? await addressesOfHostname(jail) : [];
    const bridge = await this.#leases.bridgeOf(jail, hostnameAddresses, Date.now());
    return {
      instance: this.instance,
      cgroups: this.#cgroups,
      uidBase,
      seccomp: await this.#seccompProgram(jail, reach, limits),
      jid: 0,
      launch: '',
      reach,
      fstabs,
      blockDevices: blockDevicesOf(values),
      devices: findDevices(devicesOf(values).map(({ path }) => path)),
      systemUser: systemUser === null ? null : findSystemUser(systemUser),
      ...nameFacts(jail, reach, this.#listener),
      hostnameAddresses,
      ...(bridge !== null && { bridge }),
      timeNamespaces: this.#hasTimeNamespaces,
      ...(labelsOf(values).length > 0 && { securityModules: securityModules() }),
      figures,
      machineId: this.#machineId,
      limits,
      logSockets: this.#logSockets,
      term: process.env['TERM'] ?? null,
    };
  }

  acquaint(jails: readonly Jail[]): void {
    this.#leases.acquaint(jails);
  }

  hold(jail: string, addresses: readonly string[]): void {
    this.#leases.hold(jail, addresses);
  }

  giveBack(jail: string): void {
    this.#leases.giveBack(jail);
  }

  distrust(directories: readonly string[]): void {
    // One that was a jail's once still has in it what that has left.
    for (const directory of directories) this.#reach.add(directory);
  }

  /** Whose mounts are then within the jail's reach as well; with all that is in reach of somebody. */
  async #readFstabs(
    jail: Jail,
    ways: ReadonlyMap<string, Way>,
  ): Promise<{ readonly fstabs: ReadonlyMap<string, string>; readonly reach: Reach }> {
    this.distrust(reachOf(jail.values));
    const fstabs = readFstabs(jail, withBrinks(this.#reach, ways));
    const entries = [...fstabs].flatMap(([file, text]) => parseFstab(text, file).entries);
    this.distrust(reachOf(jail.values, entries));
    if (entries.length === 0) return { fstabs, reach: withBrinks(this.#reach, ways) };
    const named = namedPaths(jail.values, entries);
    await untilAnswered(named.map(([, path]) => path));
    const more = followWays(named);
    return { fstabs, reach: withBrinks(this.#reach, more) };
  }

  /** A start leaves enough of jaild's descriptors for those who want to stop something. */
  #checkDescriptors(): void {
    const used = countDescriptors();
    if (used + SPARE_DESCRIPTORS <= this.#openFilesLimit) return;
    const hint = `jaild needs one for each jail: raise its limit of ${this.#openFilesLimit} (LimitNOFILE=, ulimit -Hn)`;
    throw new SystemError('open', constants.errno.EMFILE, 'descriptors of jaild', hint);
  }

  /** They were there when jaild began, and somebody may have removed them since. */
  #makeDirectories(): void {
    const { stateDirectory, logDirectory } = this.instance;
    try {
      mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
      mkdirSync(logDirectory, { recursive: true, mode: 0o750 });
    } catch (error) {
      throw systemError(error);
    }
  }

  #uidBase({ name, values: { userns } }: Jail): number | null {
    if (userns === 'off') return null;
    if (typeof userns !== 'object') return this.#uids.rangeOf(name);
    return this.#uids.claim(name, { first: userns.base, count: userns.count });
  }

  async #seccompProgram({ values }: Jail, reach: Reach, { corePattern }: HostLimits): Promise<string | null> {
    const base = policyBase(values);
    if (base.kind === 'off') {
      const policy = openPolicy(values);
      return policy === null ? null : this.#seccomp.programOf(policy);
    }
    const file = base.kind === 'file' ? base.path : defaultPolicy;
    try {
      const path = markReach(file, reach);
      const text = base.kind === 'file' ? readWithinReach(path) : this.#defaultPolicy.text();
      const source = { file, text };
      const machine = { architecture: process.arch, kernel: release() };
      const rules = coreRules(values, corePattern);
      return await this.#seccomp.programOf(
        isProfile(source)
          ? profiledPolicy(source, values, machine, rules)
          : seccompPolicy(source.text, values, rules),
      );
    } catch (error) {
      throw systemError(error, file);
    }
  }

  adopt(rundir: string): Promise<JailerHandle | null> {
    return connectJailer(rundir);
  }

  exitRecord(rundir: string): ReturnType<Host['exitRecord']> {
    return readExitRecord(rundir);
  }

  accounting(cgroups: readonly string[]): ReturnType<Host['accounting']> {
    return readAccounting(cgroups, this.#cgroups);
  }

  briefAccounting(cgroups: readonly string[]): ReturnType<Host['briefAccounting']> {
    return readBriefly(cgroups, this.#cgroups);
  }

  figure(cgroups: readonly string[], figure: Figure): number | null {
    return readFigure(cgroups, this.#cgroups, figure);
  }

  hostUsage(): ReturnType<Host['hostUsage']> {
    return readHostUsage(this.#cgroups);
  }

  network(jailer: JailerHandle): ReturnType<Host['network']> {
    return viewNetwork(jailer);
  }

  traffic(subjects: Parameters<Host['traffic']>[0]): ReturnType<Host['traffic']> {
    return countTraffic(subjects);
  }

  usage(cgroups: readonly string[], resource: ResourceName): number | null {
    return readUsage(cgroups, this.#cgroups, resource);
  }

  countRefusedForks(cgroups: readonly string[]): number {
    return readRefusedForks(cgroups, this.#cgroups);
  }

  countOomKills(cgroups: readonly string[]): number {
    return readOomKills(cgroups, this.#cgroups);
  }

  countHostOomKills(): number | null {
    return readHostOomKills();
  }

  freeze(cgroups: readonly string[], frozen: boolean): Promise<void> {
    return freeze(cgroups, frozen);
  }

  killCgroup(cgroups: readonly string[]): void {
    killCgroup(cgroups);
  }

  population(cgroups: readonly string[]): number {
    return population(cgroups);
  }

  observe(subject: Subject): Promise<Observation> {
    return observeJail(subject);
  }

  sweep(jails: ReadonlySet<string>): readonly string[] {
    return sweepNetwork(linkOwner(this.instance), jails, this.#sysctls);
  }

  restoreFirewall(all: readonly FirewallArgs[], wasThere: boolean): Promise<void> {
    return this.#firewall.restore(all, wasThere);
  }

  renewFirewall(): Promise<void> {
    this.#sysctls.renew(forwardEverywhere);
    return this.#firewall.renew();
  }

  endHooks(): Promise<readonly string[]> {
    return this.#hookNotes.endAll();
  }

  lineage(pid: number): ReadonlySet<number> {
    return lineage(pid);
  }

  isStopped(pid: number): boolean {
    return isStopped(pid);
  }

  tendLog(log: KeptLog): void {
    this.#logs.tend(log);
  }

  /** Where the next plan of a jail would have its log. */
  async #logPath({ jail }: KeptLog): Promise<string> {
    const named = namedPaths(jail.values);
    await untilAnswered(named.map(([, path]) => path));
    const ways = followWays(named);
    return markReach(logFile(jail, this.instance), withBrinks(this.#reach, ways));
  }

  bootId(): string {
    return this.#bootId;
  }

  monotonic(): number {
    return performance.now();
  }

  now(): number {
    return Date.now();
  }

  /** Takes away what this instance made for all jails together. For the very end, when no jail is left. */
  close(): void {
    removeRoot(this.#cgroups);
  }

  #prepareCgroups(): void {
    if (this.#areCgroupsReady) return;
    const prepared = prepareRoot(this.#cgroups);
    const { version, reason } = findDeviceAccess(prepared);
    this.#cgroups = { ...prepared, deviceAccess: version };
    if (reason !== null)
      this.#listener.warn(`no cgroup here holds back devices, only what a jail has in /dev does: ${reason}`);
    this.#areCgroupsReady = true;
  }
}
