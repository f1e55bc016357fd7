import type { JailParams } from '../config/params.js';

const MEBI = 1024 * 1024;

/** To tmpfs(5) 0 is no limit, and no size half of the host's memory. */
const sizeOption = (bytes: number): string => `size=${bytes === Infinity ? 0 : bytes}`;

/** The size of a memory file system that is mounted where nobody says how large it may get. */
export const tmpfsSize = (values: JailParams): string => sizeOption(values['tmpfs.size'] ?? 256 * MEBI);

/** The size of /dev/shm. */
export const shmSize = (values: JailParams): string => sizeOption(values['shm.size'] ?? 64 * MEBI);
