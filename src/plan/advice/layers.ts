import type { Finding } from '../../config/finding.js';
import type { HostView } from '../host-view.js';
import { plainPath } from '../path-name.js';
import { overlaps, workDirectory } from '../root.js';
import { absence, finding, type Subject } from './subject.js';

/** The directories of `base` are there. */
export function* basesAreThere(subject: Subject, host: HostView): Iterable<Finding> {
  for (const [element, directory] of (subject.jail.values.base ?? []).entries()) {
    const { kind } = host.stat(directory);
    if (kind === 'directory' || kind === 'unknown') continue;
    const severity = kind === 'missing' ? absence(subject, directory) : 'error';
    const message = kind === 'missing' ? `there is no ${directory}` : `${directory} is not a directory`;
    const at = { parameter: 'base', element } as const;
    if (severity !== null) yield finding(subject, severity, 'no-such-path', at, message);
  }
}

/** An overlay is not made of directories that lie within each other. */
export function* layersAreApart(subject: Subject): Iterable<Finding> {
  for (const { element, directory, other } of overlaps(subject.jail.values)) {
    const message =
      directory === other
        ? `${directory} is named already`
        : `${directory} and ${other} lie within each other`;
    const at = { parameter: 'base', element } as const;
    yield finding(subject, 'error', 'overlapping-path', at, message, 'name directories beside each other');
  }
}

/** Beside `path` there is room for the work directory of an overlay, on the same file system. */
export function* upperIsPlain(subject: Subject, host: HostView): Iterable<Finding> {
  const { values } = subject.jail;
  const { path = '/' } = values;
  if (workDirectory(values) === null) return;
  const isMount = host.mountsAt(path)[0]?.mountPoint === plainPath(path);
  const isLink = host.lstat(plainPath(path)).kind === 'link';
  if (!isMount && !isLink) return;
  const message = `${path} is a ${isMount ? 'mount point' : 'symbolic link'}, which cannot take what is written over base`;
  const hint = 'name a directory below it: the kernel wants a work directory beside';
  yield finding(subject, 'error', 'overlapping-path', 'path', message, hint);
}

/** What one jail writes to and another shows below its own: the kernel says nothing of what the latter sees then. */
export function* basesStayAsTheyAre(subjects: readonly Subject[]): Iterable<Finding> {
  const writers = new Map<string, Subject>();
  for (const subject of subjects) {
    const { path, readonly, ephemeral } = subject.jail.values;
    if (path !== undefined && path !== '/' && readonly !== true && ephemeral !== true)
      writers.set(plainPath(path), subject);
  }
  for (const subject of subjects)
    for (const [element, directory] of (subject.jail.values.base ?? []).entries()) {
      const name = plainPath(directory);
      const [writer] = aboveAndSelf(name).flatMap((one) => writers.get(one) ?? []);
      if (writer === undefined || writer === subject) continue;
      const at = { parameter: 'base', element } as const;
      const message = `jail "${writer.jail.name}" can change all of ${directory}, which its own root shows`;
      const hint = 'stop the one before the other is started, or make the former readonly or ephemeral';
      yield finding(subject, 'warning', 'shared-path', at, message, hint);
    }
}

function aboveAndSelf(path: string): readonly string[] {
  const parts = path.split('/').slice(1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}
