import type { HostView, PathFact } from '../host-view.js';

/** The root of a jail, with what will be mounted in it. */
export interface Tree {
  /** Directory of the host. */
  readonly root: string;
  /** Mount point inside → what is there, as a path of the host; null for what only the running jail has. */
  readonly mounts: ReadonlyMap<string, string | null>;
}

/** What a path inside a jail leads to. */
export interface Inside {
  readonly fact: PathFact;
  /** The path of the host, all links followed; for a fact that is `missing`, how far it was possible. */
  readonly hostPath: string;
}

interface Level {
  readonly inside: string;
  readonly hostPath: string;
}

/** As many links as the kernel follows (MAXSYMLINKS, linux/namei.h). */
const MAX_LINKS = 40;

const componentsOf = (path: string): string[] =>
  path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .reverse();

/**
 * What a process in the jail would find at an absolute path: links lead nowhere out of the root, and mounts are looked
 * through as far as they are directories of the host.
 * @param links `report` gives the first link on the way instead of following it
 */
export function lookInside(host: HostView, tree: Tree, path: string, links?: 'report'): Inside {
  const todo = componentsOf(path);
  const levels: Level[] = [];
  const top: Level = { inside: '', hostPath: tree.root };
  let followed = 0;
  let fact: PathFact = { kind: 'directory', mode: 0o755, uid: 0, gid: 0 };
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    const here = levels.at(-1) ?? top;
    if (fact.kind !== 'directory') return { fact: { kind: 'missing' }, hostPath: here.hostPath };
    if (part === '..') {
      levels.pop();
      continue;
    }
    const next = below(host, tree, here, part);
    if (next === null) return { fact: { kind: 'unknown' }, hostPath: here.hostPath };
    if (next.fact.kind === 'missing' || next.fact.kind === 'unknown') return next;
    if (next.fact.kind !== 'link') {
      levels.push({ inside: `${here.inside}/${part}`, hostPath: next.hostPath });
      fact = next.fact;
      continue;
    }
    if (links === 'report') return next;
    if (++followed > MAX_LINKS) return { fact: { kind: 'missing' }, hostPath: next.hostPath };
    if (next.fact.target.startsWith('/')) levels.length = 0;
    todo.push(...componentsOf(next.fact.target));
  }
  return { fact, hostPath: levels.at(-1)?.hostPath ?? tree.root };
}

/** One step down; null where only the running jail knows. */
function below(host: HostView, { mounts }: Tree, { inside, hostPath }: Level, part: string): Inside | null {
  const mounted = mounts.get(`${inside}/${part}`);
  if (mounted === null) return null;
  // What is mounted is what its path leads to, wherever that is on the host.
  if (mounted !== undefined) return { fact: host.stat(mounted), hostPath: mounted };
  const next = `${hostPath === '/' ? '' : hostPath}/${part}`;
  return { fact: host.lstat(next), hostPath: next };
}
