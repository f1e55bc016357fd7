import type { JailParams } from '../config/params.js';
import type { ResourceLimit } from '../config/values/quantity.js';
import type { HostLimits } from './facts.js';
import { rctlLaunch } from './rctl.js';
import type { LaunchRecord } from './step.js';

const MEBI = 1024 * 1024;
const both = (amount: number): ResourceLimit => ({ soft: amount, hard: amount });
const none = both(Infinity);
/** include/uapi/asm-generic/resource.h */
const RLIMIT_CORE = 4;

/**
 * Whether core files go to a program or a socket of the host instead of into the jail (core(5)): a limit of 0 does not
 * keep them from there. 1 byte does from a program, since the kernel takes it for one that dumps its own core
 * (fs/coredump.c, coredump_pipe); from a socket (Linux 6.16) no limit does.
 */
export const leavesTheJail = (corePattern: string): boolean => /^[|@]/.test(corePattern);

/** The limit that keeps core files from a program of the host's. */
const KEPT_BACK = both(1);

/** One process of a jail has at most this part of the open files that all of the host may have. */
const FILES_PART = 16;

/**
 * The limits of a jail that sets none, by setrlimit(2)'s short names: what the kernel gives the host's first process
 * (include/asm-generic/resource.h), so that nothing of how jaild was started shows in a jail. What the kernel counts for
 * whoever made the user namespace, which is root (kernel/ucount.c), is half of that: the other half stays the host's.
 */
function defaultLimits({ threads, files, corePattern }: HostLimits): Readonly<Record<string, ResourceLimit>> {
  const most = Math.floor(threads / 2);
  return {
    as: none,
    core: leavesTheJail(corePattern) ? KEPT_BACK : both(0),
    cpu: none,
    data: none,
    fsize: none,
    locks: none,
    // Locking memory is a permission (allow.mlock): what keys and passwords need is there without it.
    memlock: { soft: 65_536, hard: 8 * MEBI },
    msgqueue: both(409_600),
    nice: both(0),
    nofile: { soft: 1024, hard: Math.max(1024, Math.min(524_288, Math.floor(files / FILES_PART))) },
    nproc: both(most),
    rss: none,
    rtprio: both(0),
    rttime: none,
    sigpending: both(Math.floor(most / 2)),
    stack: { soft: 8 * MEBI, hard: Infinity },
  };
}

/** Of a limit that is written for no core files at all: what means that here. */
const keptBack = (core: ResourceLimit, corePattern: string): ResourceLimit =>
  leavesTheJail(corePattern) && core.hard <= 1 ? KEPT_BACK : core;

const isLimit = (value: unknown): value is ResourceLimit =>
  typeof value === 'object' && value !== null && 'soft' in value && 'hard' in value;

/** Those that the jail asks for: by parameters, else by rules of rctl(8), else because of what it may do. */
function askedLimits(values: JailParams): Readonly<Record<string, ResourceLimit>> {
  const written = Object.entries(values).flatMap(([name, value]): (readonly [string, ResourceLimit])[] =>
    name.startsWith('rlimit.') && isLimit(value) ? [[name.slice('rlimit.'.length), value]] : [],
  );
  const ruled = Object.entries(rctlLaunch(values).rlimits).map(
    ([name, amount]): readonly [string, ResourceLimit] => [name, both(amount)],
  );
  return {
    // The kernel asks for CAP_IPC_LOCK of the host: what a jail may lock is a matter of the limit.
    ...(values['allow.mlock'] === true ? { memlock: none } : {}),
    ...Object.fromEntries(ruled),
    ...Object.fromEntries(written),
  };
}

/** As far as jaild can raise it. */
function clamped({ soft, hard }: ResourceLimit, most: number): ResourceLimit {
  return { soft: Math.min(soft, most), hard: Math.min(hard, most) };
}

const text = (value: number): string => (value === Infinity ? 'unlimited' : String(value));

/**
 * Rules of a system call policy (etc/seccomp/default.policy) for a jail whose core files a limit keeps from a program of
 * the host's: a process that lowered its own to 0 would be handed over. Many daemons do that when they start, and end
 * when it fails, so that they are told it was done.
 */
export function coreRules(values: JailParams, corePattern: string): readonly string[] {
  const asked = askedLimits(values)['core'] ?? KEPT_BACK;
  if (!corePattern.startsWith('|') || asked.hard > 1) return [];
  return [
    `errno 0 setrlimit arg0 & 0xffffffff == ${RLIMIT_CORE}`,
    // With a null pointer it asks.
    `errno 0 prlimit64 arg1 & 0xffffffff == ${RLIMIT_CORE}, arg2 != 0`,
  ];
}

/**
 * Every limit of setrlimit(2) for the processes of a jail, so that none is inherited. A default is lowered to what jaild
 * can give; of what is asked for, the jailer says what it could not have.
 */
export function limitRecords(values: JailParams, host: HostLimits): readonly LaunchRecord[] {
  const asked = askedLimits(values);
  const usual = Object.entries(defaultLimits(host)).map(
    ([name, limit]) => [name, clamped(limit, host.hard[name] ?? Infinity)] as const,
  );
  return Object.entries({ ...Object.fromEntries(usual), ...asked })
    .map(([name, limit]) => [name, name === 'core' ? keptBack(limit, host.corePattern) : limit] as const)
    .map(([name, { soft, hard }]): LaunchRecord => ['rlimit', name, text(soft), text(hard)]);
}
