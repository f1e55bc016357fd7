import type { JailParams } from '../config/params.js';

const MEBI = 1024 * 1024;

/** A file or directory on a tmpfs takes about as much of the kernel's memory as a page of its contents. */
const PAGE = 4096;
const FEWEST_FILES = 1024;

/**
 * The options of a memory file system for so many bytes, and for as many files as it has pages. Without the second the
 * kernel takes half the pages of the host. To tmpfs(5) 0 is no limit, and no size half of the host's memory.
 */
export const room = (bytes: number): string =>
  bytes === Infinity ? 'size=0' : `size=${bytes},${files(bytes)}`;

const files = (bytes: number): string => `nr_inodes=${Math.max(FEWEST_FILES, Math.floor(bytes / PAGE))}`;

const usualSize = (values: JailParams): number => values['tmpfs.size'] ?? 256 * MEBI;

/** The room of a memory file system that is mounted where nobody says how large it may get. */
export const tmpfsRoom = (values: JailParams): string => room(usualSize(values));

/** The room of /dev/shm. */
export const shmRoom = (values: JailParams): string => room(values['shm.size'] ?? 64 * MEBI);

const units = ['', 'k', 'm', 'g', 't'];

/** Bytes that "size=64m" or "nr_blocks=100" says; null for none, all there is ("0") and parts of the memory ("50%"). */
function bytesOf(option: string): number | null {
  const [, name, digits, unit = ''] = /^(size|nr_blocks)=(\d+)([kmgt]?)$/i.exec(option) ?? [];
  const bytes = Number(digits) * 1024 ** units.indexOf(unit.toLowerCase()) * (name === 'size' ? 1 : PAGE);
  return bytes > 0 ? bytes : null;
}

/** What the options of a mounted tmpfs do not say of its room. */
export function missingRoom(options: readonly string[], values: JailParams): readonly string[] {
  const isSaid = (name: string): boolean => options.some((option) => option.startsWith(`${name}=`));
  const hasSize = isSaid('size') || isSaid('nr_blocks');
  if (isSaid('nr_inodes')) return hasSize ? [] : [`size=${usualSize(values)}`];
  if (!hasSize) return [tmpfsRoom(values)];
  const bytes = options.map(bytesOf).find((one) => one !== null);
  return bytes === undefined || bytes === null ? [] : [files(bytes)];
}
