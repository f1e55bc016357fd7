import { readdirSync, readFileSync, readlinkSync, statSync, type Stats } from 'node:fs';
import type {
  ForeignDescriptor,
  IdRange,
  ObservedLimit,
  ObservedProcess,
} from '../plan/audit/observation.js';
import { unless } from './files.js';

/** A process that has ended meanwhile, or what it no longer has. */
export const gone = ['ENOENT', 'ESRCH', 'EACCES', 'EINVAL'];
/** Descriptors that are looked at, of each process. */
const MOST_DESCRIPTORS = 4096;

/** The text of a file of a process, null when it has ended or the kernel has no such file. Throws SystemError. */
export const look = (path: string): string | null => unless(gone, null, () => readFileSync(path, 'utf8'));

/** The fields of /proc/PID/status by name; null when there is no such process. proc_pid_status(5). */
function statusOf(pid: number): ReadonlyMap<string, string> | null {
  const text = look(`/proc/${pid}/status`);
  if (text === null) return null;
  return new Map(
    text.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    }),
  );
}

const numbers = (text = ''): readonly number[] =>
  text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map(Number);

/** What the kernel says of a process; null when it has ended. Throws SystemError. */
export function observeProcess(pid: number, role: ObservedProcess['role']): ObservedProcess | null {
  const status = statusOf(pid);
  if (status === null) return null;
  const mask = (name: string): bigint => BigInt(`0x${status.get(name) ?? '0'}`);
  return {
    pid,
    role,
    name: status.get('Name') ?? '',
    uids: numbers(status.get('Uid')),
    gids: numbers(status.get('Gid')),
    groups: numbers(status.get('Groups')),
    capabilities: {
      inheritable: mask('CapInh'),
      permitted: mask('CapPrm'),
      effective: mask('CapEff'),
      bounding: mask('CapBnd'),
      ambient: mask('CapAmb'),
    },
    noNewPrivs: status.get('NoNewPrivs') === '1',
    seccomp: Number(status.get('Seccomp') ?? 0),
    filters: Number(status.get('Seccomp_filters') ?? 0),
    session: numbers(status.get('NSsid')).at(-1) ?? 0,
    oomScoreAdj: Number(look(`/proc/${pid}/oom_score_adj`) ?? 0),
    label: labelOf(pid),
  };
}

/** What the host's mandatory access control calls a process; proc_pid_attr(5). */
function labelOf(pid: number): string | null {
  const text = look(`/proc/${pid}/attr/apparmor/current`) ?? look(`/proc/${pid}/attr/current`);
  const label = text?.replace(/[\0\n]/g, '') ?? '';
  return label === '' ? null : label;
}

/** A namespace's name, "net:[4026531840]"; '' when the process has ended or the kernel has no such kind. */
export const namespaceOf = (pid: number | 'self', kind: string): string =>
  unless(gone, '', () => readlinkSync(`/proc/${pid}/ns/${kind}`));

/** The lines of uid_map or gid_map. user_namespaces(7). */
export function idMap(pid: number, kind: 'uid' | 'gid'): readonly IdRange[] {
  const text = look(`/proc/${pid}/${kind}_map`) ?? '';
  return text.split('\n').flatMap((line) => {
    const [inside, outside, count] = numbers(line);
    return inside === undefined || outside === undefined || count === undefined
      ? []
      : [{ inside, outside, count }];
  });
}

/** What /proc/PID/limits calls the limits of setrlimit(2). */
const limitNames: Readonly<Record<string, string>> = {
  'Max cpu time': 'cpu',
  'Max file size': 'fsize',
  'Max data size': 'data',
  'Max stack size': 'stack',
  'Max core file size': 'core',
  'Max resident set': 'rss',
  'Max processes': 'nproc',
  'Max open files': 'nofile',
  'Max locked memory': 'memlock',
  'Max address space': 'as',
  'Max pending signals': 'sigpending',
  'Max msgqueue size': 'msgqueue',
  'Max nice priority': 'nice',
  'Max realtime priority': 'rtprio',
  'Max realtime timeout': 'rttime',
};

/** The resource limits of a process by the names of parameters. proc_pid_limits(5). */
export function limitsOf(pid: number): Readonly<Record<string, ObservedLimit>> {
  const text = look(`/proc/${pid}/limits`) ?? '';
  const amount = (word: string): number => (word === 'unlimited' ? Infinity : Number(word));
  return Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const [, title = '', soft = '', hard = ''] = /^(.+?)\s{2,}(\w+)\s+(\w+)/.exec(line) ?? [];
      const name = limitNames[title];
      return name === undefined ? [] : [[name, { soft: amount(soft), hard: amount(hard) }] as const];
    }),
  );
}

/** /dev/null, which init has in place of an input, is the same everywhere. */
const isNull = (stat: Stats): boolean => stat.isCharacterDevice() && stat.rdev === 0x103;

/**
 * The open files of a process that are on no mount of its own: fdinfo names the mount of each. Pipes, sockets and what
 * has no name are no way to a file. proc_pid_fdinfo(5).
 */
export function foreignDescriptors(pid: number, mountIds: ReadonlySet<number>): readonly ForeignDescriptor[] {
  const own = unless(gone, [], () => readdirSync(`/proc/${pid}/fd`)).slice(0, MOST_DESCRIPTORS);
  return own.flatMap((name) => {
    const file = `/proc/${pid}/fd/${name}`;
    const target = unless(gone, '', () => readlinkSync(file));
    if (!target.startsWith('/') || target.startsWith('/memfd:')) return [];
    const info = look(`/proc/${pid}/fdinfo/${name}`) ?? '';
    const mount = /^mnt_id:\s*(\d+)$/m.exec(info)?.[1];
    const stat = unless(gone, null, () => statSync(file));
    if (mount === undefined || mountIds.has(Number(mount)) || stat === null || isNull(stat)) return [];
    const isDevice = stat.isCharacterDevice() || stat.isBlockDevice();
    const kind = stat.isDirectory() ? 'directory' : isDevice ? 'device' : 'file';
    return [{ pid, descriptor: Number(name), target, kind }];
  });
}
