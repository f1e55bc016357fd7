import { readFileSync, realpathSync } from 'node:fs';
import type { HostMount } from '../plan/mapping.js';
import { unless } from './files.js';

/** A line of a mountinfo file. */
export interface Mount extends HostMount {
  readonly id: number;
  /** "MAJOR:MINOR", as stat(2) has it for most file systems. */
  readonly device: string;
  /** What of its file system is mounted. */
  readonly root: string;
  readonly options: readonly string[];
  /** Whether mounts go to others from it, or come from there. */
  readonly propagates: boolean;
  readonly source: string;
  /** Those of its file system. */
  readonly superOptions: readonly string[];
}

const unescape = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));

/** The mounts that a mountinfo file lists, in their order. proc_pid_mountinfo(5). */
export function mountsOf(mountinfo: string): readonly Mount[] {
  return mountinfo.split('\n').flatMap((line): readonly Mount[] => {
    const [before = '', after] = line.split(' - ');
    if (after === undefined) return [];
    const [id, , device = '', root = '', mountPoint = '', options = '', ...tags] = before.split(' ');
    const [type = '', source = '', superOptions = ''] = after.split(' ');
    return [
      {
        ...{ id: Number(id), device, root: unescape(root), mountPoint: unescape(mountPoint) },
        options: options.split(','),
        propagates: tags.some((tag) => tag.startsWith('shared:') || tag.startsWith('master:')),
        ...{ type, source: unescape(source), superOptions: superOptions.split(',') },
      },
    ];
  });
}

/** The mounts that jaild sees. Throws the exception of node:fs. */
export const mountTable = (): readonly Mount[] => mountsOf(readFileSync('/proc/self/mountinfo', 'utf8'));

/** The mount that a path without links is on: of several at one place the last one is seen. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  const above = mounts.filter(({ mountPoint }) =>
    `${path}/`.startsWith(mountPoint === '/' ? '/' : `${mountPoint}/`),
  );
  const longest = Math.max(...above.map(({ mountPoint }) => mountPoint.length));
  return above.findLast(({ mountPoint }) => mountPoint.length === longest);
}

/** The mount that a path is on, and those below it; none where it can't be found. Throws SystemError. */
export function mountsAt(path: string, table = mountTable()): readonly Mount[] {
  const real = unless(['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP'], null, () => realpathSync(path));
  if (real === null) return [];
  const own = mountOf(real, table);
  const below = table.filter(({ mountPoint }) => mountPoint.startsWith(real === '/' ? '/' : `${real}/`));
  return own === undefined ? [] : [own, ...below.filter((mount) => mount !== own)];
}
