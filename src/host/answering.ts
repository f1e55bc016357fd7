import { stat } from 'node:fs/promises';
import { constants } from 'node:os';
import { SystemError } from './error.js';
import { mountOf, mountTable } from './mount-table.js';

/*
 * jaild has one thread for everything and looks at files without waiting for anybody else meanwhile: a server that is gone
 * (NFS, FUSE) would stop it altogether. So what may lie on such a one is first looked at beside it, for a limited time.
 * Node has four threads for that. A look that is never answered keeps one until it is: one must be left for all else.
 */

/** Milliseconds that a path may take. */
const PATIENCE = 5000;
/** Looks at a time, and one more for what is on no file system that somebody serves. */
const PLACES = 2;
/** Milliseconds after which those who have the places are taken for slow. */
const SLOW = 20;
/** Types of file systems that somebody serves, who may be gone. */
const SERVED = /^(nfs|cifs|smb|fuse|9p|ceph|afs|autofs|glusterfs)/;

/** Looks under way, by path. They never reject. */
const looks = new Map<string, Promise<void>>();
/** Those of them that are given up. */
const overdue = new Set<string>();

/** Whether anybody is still waited for: a thread that waits for ever keeps Node from ending by itself. */
export const isAnybodySilent = (): boolean => overdue.size > 0;

/**
 * Resolves when each of these paths has answered, be it that there is nothing.
 * Rejects with SystemError (ETIMEDOUT) for one whose file system does not; while it does not, at once.
 */
export async function untilAnswered(paths: readonly string[]): Promise<void> {
  for (const path of new Set(paths)) await answered(path);
}

async function answered(path: string): Promise<void> {
  const began = performance.now();
  const left = (): number => began + PATIENCE - performance.now();
  while (!looks.has(path) && !hasPlace(path, performance.now() - began > SLOW)) {
    if (left() <= 0 || (overdue.size >= PLACES && isServed(path))) throw silent(path);
    await within(SLOW, Promise.race(looks.values()));
  }
  if (overdue.has(path) || isOnSilent(path)) throw silent(path);
  if (await within(left(), look(path))) return;
  overdue.add(path);
  throw silent(path);
}

function hasPlace(path: string, areSlow: boolean): boolean {
  if (looks.size < PLACES) return true;
  return looks.size === PLACES && (areSlow || overdue.size > 0) && !isServed(path);
}

const isServed = (path: string): boolean => SERVED.test(mountOf(path, mountTable())?.type ?? '');

/** On a mount of which something is overdue. What links lead to one by does not say so. */
function isOnSilent(path: string): boolean {
  if (overdue.size === 0 || !isServed(path)) return false;
  const mounts = mountTable();
  const own = mountOf(path, mounts)?.mountPoint;
  return [...overdue].some((other) => mountOf(other, mounts)?.mountPoint === own);
}

function look(path: string): Promise<void> {
  const known = looks.get(path);
  if (known !== undefined) return known;
  const end = (): void => {
    looks.delete(path);
    overdue.delete(path);
  };
  const fresh = stat(path).then(end, end);
  looks.set(path, fresh);
  return fresh;
}

/** Whether it has come within so many milliseconds. */
async function within(ms: number, awaited: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  return Promise.race([awaited.then(() => true), late]).finally(() => clearTimeout(timer));
}

function silent(path: string): SystemError {
  const hint =
    'what is mounted there does not answer: see to its server, or unmount it (umount -l, umount -f)';
  return new SystemError('stat', constants.errno.ETIMEDOUT, path, hint);
}
