import { posix } from 'node:path';
import type { PathFact } from './host-view.js';

/** What lies at a path itself: the last link is not followed. */
export type Look = (path: string) => PathFact;

/** How a path of the host leads to where it leads. */
export interface Way {
  /** Without links, as far as it is there. */
  readonly real: string;
  /** The first directory on it, as it is named, in which others than root can put a link; null: there is none. */
  readonly brink: { readonly named: string; readonly real: string } | null;
  /** The first link that is not to be followed, or null. */
  readonly astray: { readonly link: string; readonly through: string } | null;
}

/** As many links as the kernel follows (MAXSYMLINKS, linux/namei.h). */
const MAX_LINKS = 40;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;

const isThere = (fact: PathFact): fact is Exclude<PathFact, { readonly kind: 'missing' | 'unknown' }> =>
  fact.kind !== 'missing' && fact.kind !== 'unknown';

/** Whether nobody but root can change what a name in a directory stands for. */
function isSure(directory: PathFact, entry: PathFact): boolean {
  if (directory.kind !== 'directory' || directory.uid !== 0) return false;
  if (entry.kind === 'link' && entry.uid !== 0) return false;
  const { mode, gid } = directory;
  if ((mode & OTHERS_WRITE) === 0 && ((mode & GROUP_WRITES) === 0 || gid === 0)) return true;
  // What is root's there nobody else can rename or remove; a link of root's may be a hard link that somebody made.
  return (mode & STICKY) !== 0 && entry.kind === 'directory' && entry.uid === 0;
}

/**
 * Follows a path as it is now. As with fs.protected_symlinks of the kernel (Documentation/admin-guide/sysctl/fs.rst), a
 * link counts only where nobody but root can have put it.
 * @param path absolute
 */
export function wayOf(path: string, look: Look, links = 0): Way {
  let [real, named] = ['/', ''];
  let brink: Way['brink'] = null;
  let astray: Way['astray'] = null;
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  for (const [index, part] of parts.entries()) {
    const next = posix.join(real, part);
    const entry = part === '..' ? look(real) : look(next);
    if (part !== '..' && real !== '/' && !isSure(look(real), entry)) brink ??= { named, real };
    if (!isThere(entry)) return { real: posix.join(real, ...parts.slice(index)), brink, astray };
    if (entry.kind === 'link' && links < MAX_LINKS) {
      const target = wayOf(posix.resolve(real, entry.target), look, links + 1);
      const through = brink ?? target.brink;
      if (through !== null) astray ??= target.astray ?? { link: next, through: through.real };
      real = target.real;
    } else real = next;
    named += `/${part}`;
  }
  return { real, brink, astray };
}
