import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import type { PathFact } from '../plan/host-view.js';

/** What stat(2) or lstat(2) says of a path. Throws the exception of node:fs for a link that can't be read. */
export function factOf(path: string, stats: Stats | undefined): PathFact {
  if (stats === undefined) return { kind: 'missing' };
  const { uid, gid } = stats;
  if (stats.isSymbolicLink()) return { kind: 'link', target: readlinkSync(path), uid };
  const kind = stats.isDirectory()
    ? 'directory'
    : stats.isFile()
      ? 'file'
      : stats.isBlockDevice()
        ? 'block-device'
        : 'other';
  return { kind, mode: stats.mode & 0o7777, uid, gid };
}

/** What lies at a path itself; `missing` is also what can't be looked at. */
export function lookAt(path: string): PathFact {
  try {
    return factOf(path, lstatSync(path, { throwIfNoEntry: false }));
  } catch {
    return { kind: 'missing' };
  }
}
