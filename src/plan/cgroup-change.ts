import type { CgroupSetting } from './cgroup.js';

/** io.max and its v1 counterparts have a limit per device, whose numbers begin the text. */
const deviceOf = ({ value }: CgroupSetting): string => /^\d+:\d+(?= )/.exec(value)?.[0] ?? '';

const subjectOf = (setting: CgroupSetting): string => `${setting.file} ${deviceOf(setting)}`;

const textOf = ({ file, value }: CgroupSetting): string => `${file} ${value}`;

/** The last write for each subject: v1's limits of memory and swap are lifted before they are set. */
const lasting = (settings: readonly CgroupSetting[]): ReadonlyMap<string, CgroupSetting> =>
  new Map(settings.map((setting) => [subjectOf(setting), setting]));

/**
 * The writes that give a running jail other limits: no limit where one is gone, then all writes to the files in which
 * one is new or different, in their order, since v1 takes its limits of memory and swap only in the right one.
 */
export function changedSettings(
  before: readonly CgroupSetting[],
  after: readonly CgroupSetting[],
): readonly CgroupSetting[] {
  const [had, has] = [lasting(before), lasting(after)];
  const texts = new Set([...had.values()].map(textOf));
  const changed = [...has.values()].filter((setting) => !texts.has(textOf(setting)));
  const touched = new Set(changed.map(({ file }) => file));
  return [
    ...[...had].filter(([subject]) => !has.has(subject)).map(([, setting]) => unlimited(setting)),
    ...after.filter(({ file }) => touched.has(file)),
  ];
}

/** What a control file holds when nothing is set (Control Group v2; cgroup-v1/memory, sched-bwc, blkio-controller). */
function unlimited(setting: CgroupSetting): CgroupSetting {
  const name = setting.file.slice(setting.file.lastIndexOf('/') + 1);
  return { ...setting, value: neutralValue(name, deviceOf(setting)) };
}

function neutralValue(name: string, device: string): string {
  if (name === 'io.max') return `${device} rbps=max wbps=max riops=max wiops=max`;
  if (name.startsWith('blkio.throttle.')) return `${device} 0`;
  if (/^memory\.(low|min|oom\.group)$/.test(name)) return '0';
  if (/limit_in_bytes$|cfs_quota_us$/.test(name)) return '-1';
  if (name === 'cpu.cfs_period_us') return '100000';
  if (name === 'cpu.shares') return '1024';
  if (name === 'io.weight') return 'default 100';
  if (/weight$/.test(name)) return '100';
  // Nothing stands for the parent's; v1 refuses that while processes are inside.
  if (/^cpuset\./.test(name)) return '\n';
  return 'max';
}
