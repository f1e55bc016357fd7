import type { JailParams } from '../../config/params.js';
import { hasLink } from '../network.js';
import type { JailPlan, LaunchRecord } from '../step.js';
import type { IdRange, ObservedLimit } from './observation.js';

/** A mount that the plan makes below the jail's root. */
export interface PlannedMount {
  /** `file`: one of given bytes; else a type of the plan's mounts. */
  readonly type: string;
  readonly source: string;
  /** As the jail sees it: "/dev/shm". */
  readonly target: string;
  readonly options: readonly string[];
}

/** A device that the plan makes below the jail's root. */
export interface PlannedDevice {
  readonly target: string;
  readonly type: string;
  /** "MAJOR:MINOR" */
  readonly numbers: string;
  /** Octal. */
  readonly mode: string;
}

/** What a jail's plan asks of the kernel, as far as it can be seen there. */
export interface Expectation {
  readonly values: JailParams;
  readonly namespaces: readonly string[];
  readonly uidMap: IdRange | null;
  readonly capabilities: bigint;
  readonly noNewPrivs: boolean;
  /** Seccomp filters that each command has at least. */
  readonly filters: number;
  /** Those of them that process 1 has as well. */
  readonly initFilters: number;
  /** What of landlock(7) is asked for: `files`, `scopes`. */
  readonly landlock: readonly string[];
  /** AppArmor profile or SELinux context of commands, null when none is asked for. */
  readonly label: string | null;
  readonly rootOptions: readonly string[];
  /** Directories that its root is made of. */
  readonly layers: number;
  readonly mounts: readonly PlannedMount[];
  readonly devices: readonly PlannedDevice[];
  /** Clock → the seconds by which it is shifted. */
  readonly clocks: Readonly<Record<string, number>>;
  readonly masked: readonly string[];
  readonly readOnly: readonly string[];
  readonly quotas: Readonly<Record<string, number>>;
  readonly limits: Readonly<Record<string, ObservedLimit>>;
  /** Control file → the value written last. */
  readonly controls: Readonly<Record<string, string>>;
  /** Links of its network namespace. */
  readonly links: readonly string[];
  /** The jailer does calls for processes of the jail. */
  readonly answers: boolean;
  /** The jail's root may mount, by way of the jailer. */
  readonly mountsItself: boolean;
  readonly foreground: boolean;
}

type Fields = readonly string[];

const amount = (text: string): number => (text === 'unlimited' ? Infinity : Number(text));
const words = (text = ''): readonly string[] => text.split(',').filter((word) => word !== '');
const inJail = (target: string): string => `/${target}`;

function rangeOf([map = '']: Fields): IdRange {
  const [inside = 0, outside = 0, count = 0] = map.split(' ').map(Number);
  return { inside, outside, count };
}

/** What a record puts on a path of its own; null for one that does not. */
function mountOf([key, first = '', second = '', third = '', fourth = '']: LaunchRecord): PlannedMount | null {
  switch (key) {
    case 'mount':
      return { type: first, source: second, target: inJail(third), options: words(fourth) };
    case 'file':
      return { type: 'file', source: '', target: inJail(first), options: words(third) };
    default:
      return null;
  }
}

const deviceOf = ([target = '', type = '', numbers = '', mode = '']: Fields): PlannedDevice => ({
  ...{ target: inJail(target), type, numbers, mode },
});

/** Nodes that are mounts of their own: those in no file system for nodes. */
function boundNodes(
  devices: readonly PlannedDevice[],
  mounts: readonly PlannedMount[],
): readonly PlannedMount[] {
  const around = mounts.flatMap(({ type, target }) => (type === 'nodes' ? [target] : []));
  return devices
    .filter(({ target }) => !around.includes(target.slice(0, target.lastIndexOf('/'))))
    .map(({ target }) => ({ type: 'node', source: '', target, options: [] }));
}

function linksOf(plan: JailPlan): readonly string[] {
  return plan.prepare.flatMap((step) => {
    if (step.name === 'interfaces.lend') return step.args.interfaces;
    if (step.name !== 'network.attach') return [];
    return hasLink(step.args) ? ['lo', step.args.peer] : ['lo'];
  });
}

function controlsOf(plan: JailPlan): Readonly<Record<string, string>> {
  return Object.fromEntries(
    plan.prepare.flatMap((step) =>
      step.name === 'cgroup.set' ? [[step.args.file, step.args.value] as const] : [],
    ),
  );
}

/** Reads what a plan asks for out of it. `values` are the parameters that it was made from. */
export function expectationOf(plan: JailPlan, values: JailParams): Expectation {
  const records = plan.prepare.flatMap((step) => (step.name === 'jailer.spawn' ? step.args.records : []));
  const every = (key: string): readonly Fields[] =>
    records.flatMap(([own, ...fields]) => (own === key ? [fields] : []));
  const one = (key: string): Fields | null => every(key)[0] ?? null;
  const uidMap = one('uid_map');
  const mounts = records.flatMap((record) => mountOf(record) ?? []);
  const devices = every('node').map(deviceOf);
  const below = every('layer').length + (one('ephemeral') === null ? 0 : 1);
  const answers = records.some(([key]) => key.startsWith('answer.')) ? 1 : 0;
  const quotas = every('sysctl').filter(([name = '']) => name.startsWith('user.'));
  return {
    values,
    namespaces: words(one('namespaces')?.[0]),
    uidMap: uidMap === null ? null : rangeOf(uidMap),
    capabilities: BigInt(`0x${one('caps')?.[0] ?? '0'}`),
    noNewPrivs: one('no_new_privs') !== null,
    filters: (one('seccomp') === null ? 0 : 1) + answers,
    initFilters: (one('seccomp.init') === null ? 0 : 1) + answers,
    landlock: words(one('landlock')?.[0]),
    label: (one('apparmor') ?? one('selinux'))?.[0] ?? null,
    rootOptions: words(one('root')?.[1]),
    layers: below + 1,
    mounts: [...mounts, ...boundNodes(devices, mounts)],
    devices,
    clocks: Object.fromEntries(every('time.offset').map(([clock = '', shift]) => [clock, Number(shift)])),
    masked: every('mask').map(([target = '']) => inJail(target)),
    readOnly: every('readonly').map(([target = '']) => inJail(target)),
    quotas: Object.fromEntries(
      quotas.map(([name = '', value = '']) => [name.slice('user.'.length), Number(value)]),
    ),
    limits: Object.fromEntries(
      every('rlimit').map(([name = '', soft = '', hard = '']) => [
        name,
        { soft: amount(soft), hard: amount(hard) },
      ]),
    ),
    controls: controlsOf(plan),
    links: linksOf(plan),
    answers: answers > 0,
    mountsItself: one('answer.mount') !== null,
    foreground: one('foreground') !== null,
  };
}
