import { posix } from 'node:path';
import { defaultOf } from '../config/json.js';
import type { JailParams } from '../config/params.js';
import type { LaunchRecord } from './step.js';

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

/** What `path` needs beside it, or null where the jail writes to `path` itself or to nothing that stays. */
export function workDirectory(values: JailParams): WorkDirectory | null {
  if (!isOverlay(values) || values.ephemeral === true) return null;
  const path = (values.path ?? '/').replace(/\/+$/, '');
  const own = `${posix.dirname(path)}/.${posix.basename(path)}.jaild`.replace(/^\/+/, '/');
  return { path: own, work: `${own}/work`, owner: `${own}/owner` };
}

/** A file or directory on a tmpfs takes about as much of the kernel's memory as a page of its contents. */
const PAGE = 4096;
const FEWEST_FILES = 1024;

function ephemeralRecord(values: JailParams): LaunchRecord {
  const size = values['ephemeral.size'] ?? Number(defaultOf('ephemeral.size'));
  const files = Math.max(FEWEST_FILES, Math.floor(size / PAGE));
  return ['ephemeral', `size=${size},nr_inodes=${files},mode=700`];
}

/** The records of the jail's root (native/PROTOCOL.md §1). @param idmap its files belong to the jail's own users */
export function rootRecords(values: JailParams, idmap: boolean): readonly LaunchRecord[] {
  const options = [
    ...(isOverlay(values) ? [] : ['rec']),
    // A device node in the directory would be the host's device: whoever made the directory may have put one there.
    'nodev',
    ...(values.no_new_privs === false ? [] : ['nosuid']),
    ...(idmap ? ['idmap'] : []),
    ...(values.readonly === true ? ['ro'] : []),
  ];
  const path = (values.path ?? '/').replace(/(.)\/+$/, '$1');
  const work = workDirectory(values);
  return [
    ['root', path, options.join(',')],
    // The last one named lies over the others; the jailer is told the topmost first.
    ...[...(values.base ?? [])].reverse().map((directory): LaunchRecord => ['layer', directory]),
    ...(work === null ? [] : [['work', work.work] as LaunchRecord]),
    ...(values.ephemeral === true ? [ephemeralRecord(values)] : []),
  ];
}
