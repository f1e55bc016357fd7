import { bad, good, listType, unseparated, type Converted, type ValueType } from './type.js';

/** One line of fstab(5). */
export interface MountEntry {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** Lines of fstab(5): SOURCE TARGET TYPE [OPTIONS [FREQ PASS]]. */
export const mounts: ValueType<readonly MountEntry[]> = unseparated(
  listType('list of fstab lines', readMount),
);

/** Blanks in fstab fields are written \040 and the like (getmntent(3)). */
const unescapeField = (field: string): string =>
  field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));

/** Reads one line of fstab(5). */
export function readMount(line: string): Converted<MountEntry> {
  const [source, target, type, options = '', ...rest] = line.trim().split(/\s+/).map(unescapeField);
  if (source === undefined || target === undefined || type === undefined || type === '')
    return bad(`"${line}" is not a line of fstab(5)`, 'write SOURCE TARGET TYPE [OPTIONS]');
  if (!target.startsWith('/'))
    return bad(`mount point "${target}" is not an absolute path`, 'write $path/...');
  if (rest.length > 2 || !rest.every((word) => /^\d+$/.test(word)))
    return bad(
      `"${rest.join(' ')}" is too much for a line of fstab(5)`,
      'write \\040 for a blank inside a field',
    );
  return good({ source, target, type, options: options.split(',').filter((option) => option !== '') });
}
