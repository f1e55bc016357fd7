import type { Finding } from '../../config/finding.js';
import type { HostView } from '../host-view.js';
import { isProfile, parseProfile } from '../seccomp-profile/parse.js';
import { policyBase } from '../seccomp.js';
import { ownFile } from './mounts.js';
import { absence, finding, type Subject } from './subject.js';
import { lookInside } from './tree.js';

const directoryOf = (file: string): string => file.slice(0, file.lastIndexOf('/')) || '/';

/** The file of `exec.consolelog` can be made where it is wanted. */
export function* logHasADirectory(subject: Subject, host: HostView): Iterable<Finding> {
  const file = subject.jail.values['exec.consolelog'];
  if (file === undefined) return;
  const at = 'exec.consolelog';
  const refusal = ownFile(subject, at, file);
  if (refusal !== null) yield finding(subject, 'error', 'own-file', at, refusal.message, refusal.hint);
  const directory = directoryOf(file);
  const { kind } = host.stat(directory);
  if (kind === 'missing') {
    const severity = absence(subject, directory);
    const message = `there is no directory ${directory} for the log`;
    if (severity !== null)
      yield finding(subject, severity, 'no-such-path', at, message, `mkdir -p ${directory}`);
  } else if (kind !== 'directory' && kind !== 'unknown') {
    yield finding(subject, 'error', 'no-such-path', at, `${directory} is not a directory`);
  }
  const own = host.lstat(file).kind;
  if (own === 'directory' || own === 'link' || own === 'other' || own === 'block-device') {
    const what = {
      directory: 'a directory',
      link: 'a symbolic link',
      other: 'no file',
      'block-device': 'a device',
    };
    yield finding(subject, 'error', 'own-file', at, `the log ${file} is ${what[own]}: it must be a file`);
  }
}

/** `exec.workdir` is a directory inside. */
export function* workdirIsThere(subject: Subject, host: HostView): Iterable<Finding> {
  const { jail, tree, preparations } = subject;
  const directory = jail.values['exec.workdir'];
  if (directory === undefined || tree === null) return;
  const { kind } = lookInside(host, tree, directory).fact;
  if (kind === 'directory' || kind === 'unknown') return;
  const message =
    kind === 'missing'
      ? `jail "${jail.name}" has no ${directory}`
      : `${directory} of jail "${jail.name}" is not a directory`;
  const severity = preparations.length > 0 ? 'warning' : 'error';
  yield finding(subject, severity, 'no-such-path', 'exec.workdir', message, 'it is looked for below "path"');
}

/** The file that `seccomp` names is there, and a profile in JSON is one. */
export function* policyIsThere(subject: Subject, host: HostView): Iterable<Finding> {
  const base = policyBase(subject.jail.values);
  if (base.kind !== 'file') return;
  const { kind } = host.stat(base.path);
  if (kind === 'file') yield* profileMistakes(subject, host, base.path);
  if (kind === 'file' || kind === 'unknown') return;
  const message = kind === 'missing' ? `there is no ${base.path}` : `${base.path} is not a file`;
  const hint = 'write default, off, or the path of a policy';
  yield finding(subject, 'error', 'no-such-path', 'seccomp', message, hint);
}

function* profileMistakes(subject: Subject, host: HostView, file: string): Iterable<Finding> {
  const text = host.text(file);
  if (text === null || !isProfile({ file, text })) return;
  for (const { severity, place, message, hint } of parseProfile({ file, text }).mistakes)
    yield finding(subject, severity, 'bad-policy', { parameter: 'seccomp', place }, message, hint);
}

/** The devices that `devices` hands over are devices of the host. */
export function* devicesAreThere(subject: Subject, host: HostView): Iterable<Finding> {
  for (const [element, { path }] of (subject.jail.values.devices ?? []).entries()) {
    const { kind } = host.stat(path);
    if (kind === 'block-device' || kind === 'other' || kind === 'unknown') continue;
    const severity = kind === 'missing' ? absence(subject, path) : 'error';
    const message = kind === 'missing' ? `there is no ${path}` : `${path} is not a device`;
    const at = { parameter: 'devices', element } as const;
    if (severity !== null) yield finding(subject, severity, 'no-such-device', at, message);
  }
}
