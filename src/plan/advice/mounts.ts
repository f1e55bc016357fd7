import type { Finding } from '../../config/finding.js';
import { PlanError } from '../error.js';
import type { HostView } from '../host-view.js';
import { refuseInside } from '../own-root.js';
import { absence, finding, mountedBy, mountTable, type Mount, type Subject } from './subject.js';
import { lookInside } from './tree.js';

/** The files of `mount.fstab` can be read, and every line of them. */
export function* fstabsAreReadable(subject: Subject, host: HostView): Iterable<Finding> {
  const { jail, fstabs } = subject;
  for (const [element, file] of (jail.values['mount.fstab'] ?? []).entries()) {
    const at = { parameter: 'mount.fstab', element } as const;
    const refusal = ownFile(subject, 'mount.fstab', file);
    if (refusal !== null) yield finding(subject, 'error', 'own-file', at, refusal.message, refusal.hint);
    const fstab = fstabs.get(file);
    for (const [index, { message, hint }] of (fstab?.diagnostics ?? []).entries()) {
      const place = fstab?.mistakes[index];
      yield finding(subject, 'error', 'fstab-syntax', { ...at, ...(place && { place }) }, message, hint);
    }
    const { kind } = host.stat(file);
    if (fstab !== undefined || kind === 'unknown') continue;
    const severity = kind === 'missing' ? absence(subject, file) : 'error';
    const message = kind === 'missing' ? `there is no ${file}` : `${file} cannot be read`;
    if (severity !== null) yield finding(subject, severity, 'no-such-path', at, message);
  }
}

/** Why a file must not be where it is, without the parameter's name in front. */
export function ownFile(
  { jail }: Subject,
  parameter: string,
  file: string,
): { readonly message: string; readonly hint: string | undefined } | null {
  try {
    refuseInside(jail, parameter, file);
    return null;
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    return { message: reasonOf(error), hint: error.hint };
  }
}

const reasonOf = ({ message, parameter }: PlanError): string => message.slice(parameter.length + 1);

/** What is mounted is on the host, and where it is mounted is in the root. */
export function* mountsCanBeMade(subject: Subject, host: HostView): Iterable<Finding> {
  for (const [index, mount] of subject.mounts.entries()) {
    if (mount.records instanceof PlanError) {
      const { records } = mount;
      yield finding(subject, 'error', 'bad-mount', mount.at, reasonOf(records), records.hint);
      continue;
    }
    const made = mountedBy(mount);
    if (made === null || made.options.includes('optional')) continue;
    const missing = sourceMistake(subject, host, mount, made.source);
    if (missing !== null) yield missing;
    if (!made.options.includes('create')) yield* targetMistakes(subject, host, index, made);
  }
}

function sourceMistake(
  subject: Subject,
  host: HostView,
  { at }: Mount,
  source: string | null,
): Finding | null {
  if (source === null || host.stat(source).kind !== 'missing') return null;
  const severity = absence(subject, source);
  const hint = 'make it, or add the option failok to go on without it';
  return severity && finding(subject, severity, 'no-such-path', at, `there is no ${source} to mount`, hint);
}

function* targetMistakes(
  subject: Subject,
  host: HostView,
  index: number,
  { source, target }: { readonly source: string | null; readonly target: string },
): Iterable<Finding> {
  const mount = subject.mounts[index];
  if (subject.tree === null || mount === undefined) return;
  // What is mounted before is there already, what comes later is not.
  const tree = { root: subject.tree.root, mounts: mountTable(subject.mounts.slice(0, index)) };
  const { fact } = lookInside(host, tree, target, 'report');
  const { at, entry } = mount;
  const severity = absence(subject, entry.target);
  if (fact.kind === 'link') {
    const hint = 'the jail could point it anywhere: write the directory that it leads to';
    const message = `a part of the mount point ${entry.target} is a symbolic link`;
    if (severity !== null) yield finding(subject, severity, 'bad-mount', at, message, hint);
  } else if (fact.kind === 'missing') {
    const hint = `mkdir -p ${entry.target}`;
    if (severity !== null)
      yield finding(subject, severity, 'no-such-path', at, `there is no mount point ${entry.target}`, hint);
  } else if (fact.kind !== 'unknown') {
    const what = source === null ? 'directory' : host.stat(source).kind;
    if (what === 'missing' || what === 'unknown' || (what === 'directory') === (fact.kind === 'directory'))
      return;
    const message = `a ${what === 'directory' ? 'directory' : 'file'} cannot be mounted on ${entry.target}, which is a ${fact.kind === 'directory' ? 'directory' : 'file'}`;
    yield finding(subject, 'error', 'bad-mount', at, message);
  }
}
