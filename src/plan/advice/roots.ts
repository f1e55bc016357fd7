import type { Finding } from '../../config/finding.js';
import type { HostView } from '../host-view.js';
import { plainPath } from '../path-name.js';
import { isReadOnly, workDirectory } from '../root.js';
import { absence, finding, type Subject } from './subject.js';

/** The directories above a path, from the top down. */
function above(path: string): readonly string[] {
  const parts = plainPath(path).split('/').slice(1, -1);
  return ['/', ...parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)];
}

/** `path` is a directory. */
export function* rootIsThere(subject: Subject, host: HostView): Iterable<Finding> {
  const { path } = subject.jail.values;
  if (path === undefined) return;
  const fact = host.stat(path);
  if (fact.kind === 'missing') {
    const severity = absence({ ...subject, preparations: subject.jail.values['exec.prepare'] ?? [] }, path);
    const hint =
      severity === 'warning'
        ? 'unless exec.prepare makes it: make the directory and put the files of the jail there'
        : 'make the directory and put the files of the jail there';
    if (severity !== null)
      yield finding(subject, severity, 'no-such-path', 'path', `there is no ${path}`, hint);
  } else if (fact.kind !== 'directory' && fact.kind !== 'unknown') {
    yield finding(subject, 'error', 'no-such-path', 'path', `${path} is not a directory`);
  }
}

/** A jail can put a link in the place of whatever lies in its root, the root of another jail among it. */
export function* rootsAreApart(subjects: readonly Subject[]): Iterable<Finding> {
  const byPath = new Map<string, Subject[]>();
  for (const subject of subjects) {
    const path = plainPath(subject.jail.values.path ?? '/');
    if (path !== '/') byPath.set(path, [...(byPath.get(path) ?? []), subject]);
  }
  for (const [path, [first, second, ...more]] of byPath) {
    if (first === undefined) continue;
    const outer = above(path).flatMap((directory) => byPath.get(directory)?.[0] ?? []);
    const [around] = outer.filter(({ jail }) => !first.jail.name.startsWith(`${jail.name}.`));
    if (around !== undefined) {
      const message = `${path} lies in the root of jail "${around.jail.name}", which can change all of it`;
      yield finding(first, 'warning', 'nested-path', 'path', message, 'put roots beside each other');
    }
    if (second === undefined || [first, second, ...more].every(keepsItsRoot)) continue;
    const overlays = [first, second, ...more].filter(({ jail }) => workDirectory(jail.values) !== null);
    if (overlays.length > 0) {
      const message = `${path} is the root of jail "${first.jail.name}", too: an overlay cannot share what it writes to`;
      const hint = 'give each a path of its own, or make all ephemeral';
      yield finding(second, 'error', 'shared-path', 'path', message, hint);
      continue;
    }
    const others = more.length === 0 ? '' : ` and of ${more.length} more jails`;
    const message = `${path} is the root of jail "${first.jail.name}", too${others}: they write to the same files`;
    yield finding(second, 'warning', 'shared-path', 'path', message, 'give each its own, or set readonly');
  }
}

/** Whether every user of the host can come to what lies in a directory. */
function isOpen(directory: string, host: HostView): boolean {
  return [...above(directory), directory].every((path) => {
    const fact = host.stat(path);
    return fact.kind === 'directory' && (fact.mode & 0o001) !== 0;
  });
}

/** Files of root in a jail are root's on the host: nobody else there may come to those that set the user id. */
export function* rootsAreClosed(subjects: readonly Subject[], host: HostView): Iterable<Finding> {
  const byDirectory = new Map<string, Subject[]>();
  for (const subject of subjects) {
    const path = plainPath(subject.jail.values.path ?? '/');
    const directory = path.slice(0, path.lastIndexOf('/')) || '/';
    if (path !== '/' && host.stat(path).kind === 'directory')
      byDirectory.set(directory, [...(byDirectory.get(directory) ?? []), subject]);
  }
  for (const [directory, all] of byDirectory) {
    const [first, ...others] = all.filter((one) => !keepsItsRoot(one));
    if (first === undefined || !isOpen(directory, host) || !host.setsIds(directory)) continue;
    const roots = others.length === 0 ? '' : ` and of ${others.length} more`;
    const message = `users of this host reach the root of jail "${first.jail.name}"${roots}: a set-user-ID program there makes them root`;
    const hint = directory === '/' ? 'put it in a directory with mode 700' : `chmod 700 ${directory}`;
    yield finding(first, 'warning', 'open-path', 'path', message, hint);
  }
}

const keepsItsRoot = ({ jail }: Subject): boolean => isReadOnly(jail.values);
