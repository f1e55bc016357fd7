import { posix } from 'node:path';
import { usualLogSockets } from '../../src/plan/log.js';
import type { HostView, PathFact } from '../../src/plan/host-view.js';

/** A file by its text, "-> TARGET" a link, "dir" a directory, "block" a device, "closed" what may not be looked at. */
export type Files = Readonly<
  Record<string, string | { readonly text: string; readonly mode: number; readonly uid?: number }>
>;

const ROOTS = { uid: 0, gid: 0 };

/** A host that is a list of files, and for the rest an ordinary one; directories above a file are there. */
export function fakeHost(files: Files, more: Partial<HostView> = {}): HostView {
  const directories = new Set(Object.keys(files).flatMap(above));
  const itself = (path: string): PathFact => {
    const file = files[path];
    if (file === undefined)
      return directories.has(path) ? { kind: 'directory', mode: 0o755, ...ROOTS } : { kind: 'missing' };
    if (typeof file === 'object')
      return { kind: file.text === 'dir' ? 'directory' : 'file', ...ROOTS, ...file };
    if (file.startsWith('-> ')) return { kind: 'link', target: file.slice(3), uid: 0 };
    if (file === 'dir') return { kind: 'directory', mode: 0o755, ...ROOTS };
    if (file === 'block') return { kind: 'block-device', mode: 0o600, ...ROOTS };
    if (file === 'closed') return { kind: 'unknown' };
    return { kind: 'file', mode: 0o755, ...ROOTS };
  };
  /** The path with links in its directories followed, as a host does it. */
  const real = (path: string, last: boolean): string => {
    let done = '/';
    const parts = path.split('/').filter((part) => part !== '');
    for (const [index, part] of parts.entries()) {
      done = posix.join(done, part);
      const fact = itself(done);
      if (fact.kind === 'link' && (last || index < parts.length - 1))
        done = real(posix.resolve(posix.dirname(done), fact.target), true);
    }
    return done;
  };
  const text = (path: string): string | null => {
    const file = files[real(path, true)];
    const content = typeof file === 'object' ? file.text : file;
    return content === undefined || ['dir', 'block', 'closed'].includes(content) ? null : content;
  };
  return {
    logSockets: usualLogSockets,
    ownDirectories: { state: ['/p/etc', '/p/var/lib/jaild'], programs: ['/p/dist'] },
    lstat: (path) => itself(real(path, false)),
    stat: (path) => itself(real(path, true)),
    setsIds: () => false,
    text,
    head: (path) => Buffer.from(text(path) ?? ''),
    users: (path) => {
      const passwd = text(path);
      return passwd === null ? null : new Set(passwd.split('\n').map((line) => line.split(':')[0] ?? ''));
    },
    blockDevice: (path) => (files[path] === 'block' ? '8:0' : null),
    disk: (path) => (path.startsWith('/j') ? '8:0' : null),
    mountsAt: () => [{ mountPoint: '/', type: 'ext4' }],
    release: () => '6.1.0-13-amd64',
    isRunning: () => false,
    links: () => ['lo', 'eth0', 'jl0123456789ab'],
    addresses: () => [
      { address: '127.0.0.1', prefix: 8, link: 'lo' },
      { address: '192.0.2.2', prefix: 24, link: 'eth0' },
      { address: 'fd00::2', prefix: 64, link: 'eth0' },
      { address: '169.254.1.1', prefix: 32, link: 'jl0123456789ab' },
    ],
    hasIp6: () => true,
    hasTimeNamespaces: () => true,
    securityModules: () => ['landlock', 'yama'],
    memory: () => 8 * 1024 ** 3,
    swap: () => 1024 ** 3,
    possible: (what) => (what === 'cpus' ? '0-3' : '0'),
    cpuCount: () => 4,
    pidMax: () => 32_768,
    openFilesMax: () => 1_048_576,
    hardLimit: () => Infinity,
    cgroups: () => ({
      v1: {},
      v2: '/sys/fs/cgroup/jaild',
      v2Controllers: ['cpu', 'cpuset', 'hugetlb', 'io', 'memory', 'pids'],
    }),
    usedIds: () => [
      { first: 0, count: 1, by: 'the user root of this host' },
      { first: 100_000, count: 65_536, by: '/etc/subuid' },
    ],
    ...more,
  };
}

function above(path: string): readonly string[] {
  const parts = path.split('/').slice(1, -1);
  return ['/', ...parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)];
}
