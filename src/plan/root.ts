import { posix } from 'node:path';
import { defaultOf } from '../config/json.js';
import type { JailParams } from '../config/params.js';
import { PlanError } from './error.js';
import { plainPath, within } from './path-name.js';
import { markReach, type Reach } from './reach.js';
import type { LaunchRecord } from './step.js';
import { room } from './tmpfs.js';

/** The directory that jaild makes beside `path` for an overlay, and what is in it. */
export interface WorkDirectory {
  /** "/jails/.web.jaild": on the file system of `path`, in nobody's root. */
  readonly path: string;
  /** What the kernel needs beside the upper directory. */
  readonly work: string;
  /** Says which jail is using it. */
  readonly owner: string;
}

/** Whether what the jail sees is several directories laid over each other. */
export const isOverlay = ({ base = [], ephemeral }: JailParams): boolean =>
  base.length > 0 || ephemeral === true;

/** Whether what the jail writes does not go to `path`. */
export const isReadOnly = (values: JailParams): boolean =>
  values.ephemeral === true || (values.readonly === true && workDirectory(values) === null);

/** What `path` needs beside it, or null where the jail writes to `path` itself or to nothing that stays. */
export function workDirectory(values: JailParams): WorkDirectory | null {
  if (!isOverlay(values) || values.ephemeral === true) return null;
  const path = plainPath(values.path ?? '/');
  const own = posix.join(posix.dirname(path), `.${posix.basename(path)}.jaild`);
  return { path: own, work: `${own}/work`, owner: `${own}/owner` };
}

/** Of two directories of a root that lie within each other. */
export interface Overlap {
  /** Which of `base`. */
  readonly element: number;
  readonly directory: string;
  readonly other: string;
}

/** The directories of a root that lie within each other: what the jail writes to one would appear in the other. */
export function overlaps({ path, base = [] }: JailParams): readonly Overlap[] {
  const before = path === undefined ? [] : [plainPath(path)];
  return base.flatMap((written, element): readonly Overlap[] => {
    const directory = plainPath(written);
    const other = before.find((one) => within(directory, one) || within(one, directory));
    before.push(directory);
    return other === undefined ? [] : [{ element, directory, other }];
  });
}

function refuseOverlaps(values: JailParams): void {
  const [overlap] = overlaps(values);
  if (overlap === undefined) return;
  const { directory, other } = overlap;
  const reason = `it and ${other} lie within each other`;
  throw new PlanError('base', directory, reason, 'name directories beside each other');
}

function ephemeralRecord(values: JailParams): LaunchRecord {
  const size = values['ephemeral.size'] ?? Number(defaultOf('ephemeral.size'));
  return ['ephemeral', `${room(size)},mode=700`];
}

/**
 * The records of the jail's root (native/PROTOCOL.md §1). Throws PlanError for directories within each other.
 * @param idmap its files belong to the jail's own users
 */
export function rootRecords(values: JailParams, idmap: boolean, reach?: Reach): readonly LaunchRecord[] {
  refuseOverlaps(values);
  const options = [
    ...(isOverlay(values) ? [] : ['rec']),
    // A device node in the directory would be the host's device: whoever made the directory may have put one there.
    'nodev',
    ...(values.no_new_privs === false ? [] : ['nosuid']),
    ...(idmap ? ['idmap'] : []),
    ...(values.readonly === true ? ['ro'] : []),
  ];
  const work = workDirectory(values);
  const root = markReach(plainPath(values.path ?? '/'), reach);
  if (work !== null && root.includes('//'))
    throw new PlanError(
      'path',
      plainPath(values.path ?? '/'),
      'others than root can change where it lies',
      'with "base" the jail writes to "path": give it one outside of other jails, in directories of root, or ephemeral',
    );
  return [
    ['root', root, options.join(',')],
    // The last one named lies over the others; the jailer is told the topmost first.
    ...[...(values.base ?? [])]
      .reverse()
      .map((directory): LaunchRecord => ['layer', markReach(directory, reach)]),
    ...(work === null ? [] : [['work', work.work] as LaunchRecord]),
    ...(values.ephemeral === true ? [ephemeralRecord(values)] : []),
  ];
}
