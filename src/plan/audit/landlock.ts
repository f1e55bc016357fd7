import type { Door } from './finding.js';
import type { Judge } from './privileges.js';

/** The first versions of landlock(7) that can restrict a jail in this; the very first forbids moving files as well. */
const SINCE: Readonly<Record<string, number>> = { files: 2, scopes: 6 };
const CLOSES: Readonly<Record<string, string>> = {
  files: "a descriptor of the host's that gets into the jail leads to the host's files",
  scopes: 'with a network of the host, its abstract sockets can be used',
};

/** The second wall around the jail's files. The kernel shows who has it to nobody: what it can do is seen, not what it does. */
export const landlock: Judge = ({ landlock: version }, plan) => {
  const has = plan.landlock.filter((part) => version >= (SINCE[part] ?? 0));
  const doors = Object.keys(SINCE)
    .filter((part) => !has.includes(part))
    .map((part): Door => ({
      by: plan.landlock.includes(part)
        ? `landlock ${version === 0 ? 'is not in this kernel' : `of this kernel has no ${part}`}`
        : 'a jail that may mount by itself',
      severity: 'note',
      cost: CLOSES[part] ?? '',
    }));
  const seen = has.length === 0 ? 'none' : `${has.join(' and ')} by plan; the kernel does not show it`;
  return { wall: 'landlock', seen, doors, weaker: [] };
};
