import { linux } from '../parameter.js';
import { boolean, choice, choices, fstabFiles, integer } from '../values/scalar.js';
import { amount, bytes, count, rate, resourceLimit, seconds } from '../values/quantity.js';
import { cpuList, cpuMax, ioMax, rctlRules } from '../values/limits.js';
import { cronExpressions, timezone } from '../values/schedule.js';

const V2_ONLY = 'On cgroup v2 only: elsewhere the jail does not start.';
const QUOTA = "Counts for root of the host, too: less than the host's own in /proc/sys/user. Needs userns.";
const CORES =
  'Where kernel.core_pattern of the host names a program, 1 in place of 0: that keeps them from it. A process that lowers its own is told that it is done, and nothing is.';
const MEMORY_COUNTS =
  'What is in it counts for memory.max, too. It has room for a file for each 4 KiB, 1024 at least; that of a mount is set by nr_inodes.';
const memory = (summary: string, defaultText = 'max', note?: string) =>
  linux(amount, summary, { default: defaultText, unit: 'bytes', live: true, ...(note && { note }) });
const hugePages = (summary: string) => linux(bytes, summary, { default: 'max', unit: 'bytes', live: true });
const resource = (summary: string, unit?: 's' | 'bytes' | 'µs', fallback = 'unlimited', note?: string) =>
  linux(resourceLimit, `${summary} (setrlimit(2)).`, {
    default: fallback,
    ...(unit && { unit }),
    ...(note && { note }),
  });
const quota = (what: string, most: number) =>
  linux(integer(0, 2_147_483_647), `Most ${what} of a user in the jail.`, {
    ...{ default: String(most), note: QUOTA },
  });
const schedule = (summary: string) => linux(cronExpressions, summary, { live: true });

/** What it may use: cgroup v2's names, translated where the host has v1. */
export const limits = {
  'memory.max': memory('Most memory; above it the kernel kills a process of the jail.', '75%'),
  'memory.high': memory(
    'Memory above which the jail is slowed down and its memory reclaimed.',
    'max',
    'On cgroup v1 a soft limit, which counts when the whole host is short of memory.',
  ),
  'memory.low': memory('Memory that is reclaimed only when nothing else can be.', '0', V2_ONLY),
  'memory.min': memory('Memory that is never reclaimed.', '0', V2_ONLY),
  'memory.swap.max': memory('Most swap.', '50%', 'On cgroup v1 together with memory.max only.'),
  'memory.oom.group': linux(boolean, 'Out of memory, kill the whole jail instead of one process.', {
    default: 'false',
    live: true,
    note: V2_ONLY,
  }),
  'cpu.max': linux(cpuMax, 'CPU time: a percentage of one CPU, or "QUOTA PERIOD" in microseconds.', {
    default: 'max',
    unit: 'µs',
    live: true,
  }),
  'cpu.weight': linux(integer(1, 10_000), 'Share of the CPUs when they are short.', {
    default: '100',
    live: true,
  }),
  'cpuset.cpus': linux(cpuList, 'CPUs that the jail runs on.', { default: 'all', live: true }),
  'cpuset.mems': linux(cpuList, 'Memory nodes that the jail allocates from.', { default: 'all', live: true }),
  'pids.max': linux(count, 'Most processes and threads.', { default: '4096', live: true }),
  'io.max': linux(ioMax, 'Most bytes and operations per second of a device: "/dev/sda rbps=1M wiops=100".', {
    live: true,
  }),
  'io.weight': linux(integer(1, 10_000), 'Share of the disks when they are short.', {
    default: '100',
    live: true,
  }),
  'hugetlb.2MB.max': hugePages('Most memory in pages of 2 MB.'),
  'hugetlb.1GB.max': hugePages('Most memory in pages of 1 GB.'),
  rctl: linux(rctlRules, 'Limits as rctl(8) of FreeBSD writes them: "memoryuse:deny=512m".', {
    live: true,
    note: 'A rule that cannot be kept on Linux is a mistake. A parameter of its own, such as memory.max, wins over a rule.',
  }),
  'rctl.file': linux(
    fstabFiles,
    'Files of rules as rctl.conf(5) of FreeBSD has them, beside /etc/rctl.conf.',
    {
      live: true,
      note: 'Their lines begin with "jail:NAME:" and count for the jail of that name.',
    },
  ),
  'inotify.max_instances': quota('inotify instances (inotify(7))', 96),
  'inotify.max_watches': quota('inotify watches', 16_384),
  'fanotify.max_groups': quota('fanotify groups (fanotify(7))', 96),
  'fanotify.max_marks': quota('fanotify marks', 8192),
  'tmpfs.size': linux(bytes, 'Size of each tmpfs that is mounted without one.', {
    ...{ default: '256M', unit: 'bytes', note: MEMORY_COUNTS },
  }),
  'shm.size': linux(bytes, 'Size of /dev/shm.', {
    ...{ default: '64M', unit: 'bytes', note: MEMORY_COUNTS },
  }),
  'rlimit.as': resource('Most address space', 'bytes'),
  'rlimit.core': resource('Largest core file', 'bytes', '0', CORES),
  'rlimit.cpu': resource('Most CPU time of a process', 's'),
  'rlimit.data': resource('Largest data segment', 'bytes'),
  'rlimit.fsize': resource('Largest file that a process may write', 'bytes'),
  'rlimit.memlock': resource('Most locked memory', 'bytes', '64K:8M'),
  'rlimit.msgqueue': resource('Most bytes in POSIX message queues', 'bytes', '400K'),
  'rlimit.nice': resource('Ceiling of the nice value, 20 - nice', undefined, '0'),
  'rlimit.nofile': resource(
    'Most open files',
    undefined,
    '1024:524288',
    'By default at most a sixteenth of fs.file-max.',
  ),
  'rlimit.nproc': resource('Most processes of a user', undefined, 'half of kernel.threads-max'),
  'rlimit.rss': resource('Largest resident set', 'bytes'),
  'rlimit.rtprio': resource('Highest real-time priority', undefined, '0'),
  'rlimit.rttime': resource('Most real-time CPU time without a blocking call', 'µs'),
  'rlimit.sigpending': resource('Most queued signals', undefined, 'a quarter of kernel.threads-max'),
  'rlimit.stack': resource('Largest stack', 'bytes', '8M:unlimited'),
};

/** When it starts, stops and starts again by the clock. */
export const schedules = {
  'schedule.restart': schedule('When the jail is restarted, if it runs.'),
  'schedule.start': schedule('When the jail is started.'),
  'schedule.stop': schedule('When the jail is stopped.'),
  'schedule.timezone': linux(timezone, 'Time zone of the schedules.', { default: "the host's", live: true }),
  'schedule.jitter': linux(seconds, 'Spread of the times over jails; each jail has a fixed share of it.', {
    default: '0 s',
    unit: 's',
    live: true,
  }),
  'schedule.missed': linux(choice('skip', 'run', 'once'), 'What is done about a time that is long past.', {
    default: 'skip',
    live: true,
    note: 'run: one restart, start or stop, however many times were missed. once means the same.',
  }),
  'schedule.window': linux(seconds, 'How late a time still counts.', {
    default: '300 s',
    unit: 's',
    live: true,
  }),
};

/** What is kept of what it says. */
export const logging = {
  'log.max_size': linux(bytes, 'Size at which the log is rotated.', {
    default: '10M',
    live: true,
    unit: 'bytes',
    note: 'log.max_size times log.max_files is never passed, compressed logs and those being compressed included. 0 or max: any size.',
  }),
  'log.max_files': linux(integer(1, 10_000), 'How many logs are kept, the current one among them.', {
    default: '10',
    live: true,
  }),
  'log.max_age': linux(seconds, 'Age of its first line at which the log is rotated, with the next line.', {
    default: 'any',
    live: true,
    unit: 's',
    note: '0: any.',
  }),
  'log.compress': linux(boolean, 'Whether rotated logs are compressed (gzip), in the background.', {
    default: 'true',
    live: true,
    note: 'One that is no smaller compressed, or for which log.max_size and log.max_files leave no room, stays as it is.',
  }),
  'log.target': linux(
    choices('list of targets', ['file', 'journald', 'syslog']),
    'Where output goes: any of file, journald and syslog.',
    {
      default: 'file',
      note: 'What a target does not take at once is not waited for: it is lost there, counted and told of. jailctl logs shows the file.',
    },
  ),
  'log.rate': linux(rate, 'Most output per time, in lines or bytes; the rest is left out and counted.', {
    default: 'no limit',
    live: true,
    note: 'The count is in the log itself, in a line of the stream jailer, and in the journal of events. 0: no limit.',
  }),
};
