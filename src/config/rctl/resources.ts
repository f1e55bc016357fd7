/** How an amount is counted. */
export type Unit = 'bytes' | 'bytes/s' | 'number' | 'operations/s' | 'percent of one CPU' | 's';

/** What Linux has to refuse with, or to slow down. */
export type Means =
  | {
      readonly by: 'cgroup';
      readonly parameter: 'memory.max' | 'memory.swap.max' | 'pids.max' | 'cpu.max';
    }
  | { readonly by: 'io.max'; readonly key: 'rbps' | 'wbps' | 'riops' | 'wiops' }
  /** setrlimit(2): each process by itself. */
  | { readonly by: 'rlimit'; readonly name: RlimitName }
  /** Of the jail's own IPC namespace. */
  | { readonly by: 'sysctl'; readonly name: string }
  /** Of the jail's own devpts. */
  | { readonly by: 'devpts' };

export type RlimitName = 'as' | 'core' | 'data' | 'memlock' | 'nofile' | 'stack';

export interface Resource {
  /** What is counted, for manuals. */
  readonly summary: string;
  readonly unit: Unit;
  /** The action by which rctl(8) limits it; null: it can be watched only. */
  readonly limit: 'deny' | 'throttle' | null;
  /** What that does here for the jail as a whole; null: nothing can. */
  readonly means: Means | null;
  /** What it does with "/process" behind the amount. */
  readonly ofProcess?: RlimitName;
  /** jaild can measure it, so that log, devctl and signals work. */
  readonly watched: boolean;
  /** What is different from FreeBSD, or why it cannot be had. */
  readonly note?: string;
}

const cgroup = (parameter: Extract<Means, { by: 'cgroup' }>['parameter']) =>
  ({ by: 'cgroup', parameter }) as const;
const sysctl = (name: string) => ({ by: 'sysctl', name }) as const;

/** A resource that setrlimit(2) limits for each process, and nothing for the jail. */
const limited = (summary: string, unit: Unit, name: RlimitName, watched = false): Resource => ({
  summary,
  unit,
  limit: 'deny',
  means: { by: 'rlimit', name },
  ofProcess: name,
  watched,
});

/** System V objects, which only the kernel counts. */
const counted = (summary: string, unit: Unit, means: Means | null, note?: string): Resource => ({
  summary,
  unit,
  limit: 'deny',
  means,
  watched: false,
  ...(note && { note }),
});

const rate = (summary: string, unit: Unit, key: Extract<Means, { by: 'io.max' }>['key']): Resource => ({
  summary,
  unit,
  limit: 'throttle',
  means: { by: 'io.max', key },
  watched: true,
  note: 'The limit is about the disk that holds path.',
});

/** THE TABLE of rctl(8)'s resources, in its order, and what each is on Linux. */
export const resources = {
  cputime: { summary: 'CPU time', unit: 's', limit: null, means: null, watched: true },
  datasize: limited('data segment of each process', 'bytes', 'data'),
  stacksize: limited('stack of each process', 'bytes', 'stack'),
  coredumpsize: limited('core file of each process', 'bytes', 'core'),
  memoryuse: {
    summary: 'memory without cached files',
    unit: 'bytes',
    limit: 'deny',
    means: cgroup('memory.max'),
    watched: true,
    note: 'The limit kills a process when nothing can be given back.',
  },
  memorylocked: limited('locked memory; the limit is that of each process', 'bytes', 'memlock', true),
  maxproc: {
    summary: 'processes',
    unit: 'number',
    limit: 'deny',
    means: cgroup('pids.max'),
    watched: true,
    note: 'The limit counts threads, too.',
  },
  openfiles: limited('open files; the limit is that of each process', 'number', 'nofile', true),
  vmemoryuse: {
    summary: 'address space of all processes',
    unit: 'bytes',
    limit: 'deny',
    means: cgroup('memory.max'),
    ofProcess: 'as',
    watched: true,
    note: 'The limit is that of memoryuse; with /process it is RLIMIT_AS.',
  },
  pseudoterminals: counted('pseudo terminals', 'number', { by: 'devpts' }),
  swapuse: {
    summary: 'swap',
    unit: 'bytes',
    limit: 'deny',
    means: cgroup('memory.swap.max'),
    watched: true,
    note: 'On cgroup v1 together with a limit of memory only.',
  },
  nthr: {
    summary: 'threads',
    unit: 'number',
    limit: 'deny',
    means: cgroup('pids.max'),
    watched: true,
  },
  msgqqueued: counted('queued System V messages', 'number', null, 'Linux does not count them.'),
  msgqsize: counted('each System V message queue', 'bytes', sysctl('kernel.msgmnb')),
  nmsgq: counted('System V message queues', 'number', sysctl('kernel.msgmni')),
  nsem: counted('System V semaphores', 'number', sysctl('kernel.sem')),
  nsemop: counted('operations of one semop(2)', 'number', sysctl('kernel.sem')),
  nshm: counted('System V shared memory segments', 'number', sysctl('kernel.shmmni')),
  shmsize: counted('System V shared memory', 'bytes', sysctl('kernel.shmall')),
  wallclock: { summary: 'time since the start', unit: 's', limit: null, means: null, watched: true },
  pcpu: {
    summary: 'CPU time in the time that passes',
    unit: 'percent of one CPU',
    limit: 'deny',
    means: cgroup('cpu.max'),
    watched: true,
  },
  readbps: rate('what is read from disks', 'bytes/s', 'rbps'),
  writebps: rate('what is written to disks', 'bytes/s', 'wbps'),
  readiops: rate('reads from disks', 'operations/s', 'riops'),
  writeiops: rate('writes to disks', 'operations/s', 'wiops'),
} as const satisfies Readonly<Record<string, Resource>>;

export type ResourceName = keyof typeof resources;

/** The table's entry, without its exact type. */
export function resourceOf(name: ResourceName): Resource {
  return resources[name];
}

export function isResourceName(name: string): name is ResourceName {
  return Object.hasOwn(resources, name);
}

/** Signals that FreeBSD and Linux both have; signal(3), signal(7). */
export const sharedSignals = [
  ...[
    'sighup',
    'sigint',
    'sigquit',
    'sigill',
    'sigtrap',
    'sigabrt',
    'sigfpe',
    'sigkill',
    'sigbus',
    'sigsegv',
  ],
  ...[
    'sigsys',
    'sigpipe',
    'sigalrm',
    'sigterm',
    'sigurg',
    'sigstop',
    'sigtstp',
    'sigcont',
    'sigchld',
    'sigttin',
  ],
  ...['sigttou', 'sigio', 'sigxcpu', 'sigxfsz', 'sigvtalrm', 'sigprof', 'sigwinch', 'sigusr1', 'sigusr2'],
] as const;

/** Signals that there are on FreeBSD alone. */
const otherSignals = ['sigemt', 'siginfo', 'sigthr', 'siglibrt'] as const;

/** Every word that can stand for an action. */
export const actions: readonly string[] = [
  ...['deny', 'throttle', 'log', 'devctl'],
  ...sharedSignals,
  ...otherSignals,
];
