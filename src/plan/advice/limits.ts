import type { Finding } from '../../config/finding.js';
import { params, type JailParams } from '../../config/params.js';
import { cgroupSettings, limitedDevices } from '../cgroup.js';
import { bytesOf, limitNames } from '../limit-amounts.js';
import { limitsDisk } from '../rctl.js';
import type { HostView } from '../host-view.js';
import { absence, finding, type Mount, type Subject } from './subject.js';

/** PID_MAX_LIMIT (linux/threads.h): the pids controller takes no larger number. */
const PIDS_LIMIT = 4_194_304;
const memoryNames = ['memory.max', 'memory.high', 'memory.low', 'memory.min'] as const;

/** Every limit can be kept by a cgroup controller of this host, or by its kernel. */
export function* limitsAreKnownHere(subject: Subject, host: HostView): Iterable<Finding> {
  const { values, name } = subject.jail;
  const offset = values['time.offset'];
  const isShifted = Object.values(offset ?? {}).some((seconds) => seconds !== 0 && seconds !== 'own');
  if (isShifted && !host.hasTimeNamespaces()) {
    const message = 'time.offset: this kernel has no time namespaces';
    yield finding(subject, 'error', 'not-on-this-host', 'time.offset', message);
  }
  if (values.rctl === undefined && limitNames.every((limit) => values[limit] === undefined)) return;
  const cgroups = host.cgroups();
  if (cgroups === null) return;
  // Devices have a rule of their own, which says more.
  const memory = { total: host.memory(), swap: host.swap() };
  const devices = new Map(limitedDevices(values).map((path) => [path, host.blockDevice(path) ?? '0:0']));
  const { path = '/' } = values;
  if (limitsDisk(values) && host.stat(path).kind === 'directory') {
    if (host.disk(path) === null) {
      const message = `${path} is on no disk, whose reading and writing could be limited`;
      yield finding(subject, 'error', 'not-on-this-host', 'rctl', message, 'name a disk with io.max');
    }
    devices.set(path, '0:0');
  }
  for (const { parameter, reason } of cgroupSettings(values, cgroups, name, devices, memory).unsupported) {
    const hint = 'take it out, or use a host that has it';
    yield finding(
      subject,
      'error',
      'not-on-this-host',
      placeOf(subject, parameter),
      `${parameter}: ${reason}`,
      hint,
    );
  }
}

/** A limit that the jail does not have itself comes from a rule. */
function placeOf({ jail }: Subject, parameter: string): Mount['at'] {
  const known = limitNames.find((name) => name === parameter && jail.values[name] !== undefined);
  return { parameter: known ?? 'rctl' };
}

/** Amounts that the host does not have itself. */
export function* amountsAreBelowTheHosts(subject: Subject, host: HostView): Iterable<Finding> {
  const { values } = subject.jail;
  for (const name of memoryNames) {
    const bytes = bytesOf(values[name] ?? Infinity, host.memory());
    if (bytes === Infinity || bytes <= host.memory()) continue;
    const message = `${name} is more than the memory of this host (${mebibytes(host.memory())})`;
    yield finding(subject, 'warning', 'beyond-host', name, message, 'it limits nothing');
  }
  const cpu = values['cpu.max'];
  if (cpu !== undefined && cpu.quota !== Infinity && cpu.quota > host.cpuCount() * cpu.period) {
    const message = `cpu.max is more than the ${host.cpuCount()} CPUs of this host (${host.cpuCount() * 100}%)`;
    yield finding(subject, 'warning', 'beyond-host', 'cpu.max', message, 'it limits nothing');
  }
  const pids = values['pids.max'];
  if (pids !== undefined && pids !== Infinity && pids > host.pidMax()) {
    const message = `pids.max is more than all processes that this host can have (${host.pidMax()})`;
    const severity = pids > PIDS_LIMIT ? 'error' : 'warning';
    const hint =
      severity === 'error' ? `the kernel takes at most ${PIDS_LIMIT}, or max` : 'it limits nothing';
    yield finding(subject, severity, 'beyond-host', 'pids.max', message, hint);
  }
  yield* numbersAreTheHosts(subject, host);
}

const mebibytes = (bytes: number): string => `${Math.floor(bytes / 1024 ** 2)}M`;

function* numbersAreTheHosts(subject: Subject, host: HostView): Iterable<Finding> {
  for (const [name, what, word] of [
    ['cpuset.cpus', 'cpus', 'CPU'],
    ['cpuset.mems', 'mems', 'memory node'],
  ] as const) {
    const wanted = subject.jail.values[name];
    const possible = wanted === undefined ? null : host.possible(what);
    if (wanted === undefined || possible === null) continue;
    const there = new Set(numbersOf(possible));
    const missing = numbersOf(wanted).find((number) => !there.has(number));
    if (missing === undefined) continue;
    const message = `this host has no ${word} ${missing}`;
    yield finding(subject, 'error', 'beyond-host', name, message, `it has ${possible}`);
  }
}

/** The numbers of a list as in cpuset(7), "0-3,8". */
function numbersOf(list: string): readonly number[] {
  return list.split(',').flatMap((part) => {
    const [first = NaN, last = first] = part.split('-').map(Number);
    return Number.isNaN(first) ? [] : Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** The devices of `io.max` are block devices. */
export function* devicesExist(subject: Subject, host: HostView): Iterable<Finding> {
  for (const [element, { device }] of (subject.jail.values['io.max'] ?? []).entries()) {
    const at = { parameter: 'io.max', element } as const;
    const hint = 'a block device, such as /dev/sda, or its numbers, such as 8:0';
    if (!device.startsWith('/')) {
      if (
        host.stat(`/sys/dev/block/${device}`).kind === 'missing' &&
        host.stat('/sys/dev/block').kind === 'directory'
      )
        yield finding(
          subject,
          'error',
          'no-such-device',
          at,
          `this host has no block device ${device}`,
          hint,
        );
      continue;
    }
    const { kind } = host.stat(device);
    if (kind === 'block-device' || kind === 'unknown') continue;
    const severity = kind === 'missing' ? absence(subject, device) : 'error';
    const message = kind === 'missing' ? `there is no ${device}` : `${device} is not a block device`;
    if (severity !== null) yield finding(subject, severity, 'no-such-device', at, message, hint);
  }
}

type RlimitName = keyof JailParams & `rlimit.${string}`;

/** The parameters of setrlimit(2). */
export const rlimitNames = Object.keys(params).filter((name): name is RlimitName =>
  name.startsWith('rlimit.'),
);

/** Limits of setrlimit(2) that jaild may raise so far: the jailer lowers the others to what it can have. */
export function* rlimitsCanBeSet(subject: Subject, host: HostView): Iterable<Finding> {
  const { values } = subject.jail;
  for (const name of rlimitNames) {
    const hard = values[name]?.hard ?? 0;
    const short = name.slice('rlimit.'.length);
    if (short === 'nofile' && hard > host.openFilesMax()) {
      const message = `${name} is more than the kernel lets any process have (${host.openFilesMax()})`;
      const hint = 'the jail gets less; sysctl fs.nr_open sets how many there may be';
      yield finding(subject, 'warning', 'beyond-host', name, message, hint);
    } else if (hard > host.hardLimit(short)) {
      const message = `${name} is above the limit that this process has itself (${host.hardLimit(short)})`;
      const hint = 'the jail gets no more than jaild, unless jaild has CAP_SYS_RESOURCE';
      yield finding(subject, 'warning', 'beyond-host', name, message, hint);
    }
  }
}
