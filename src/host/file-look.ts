import { closeSync, constants, openSync, statSync } from 'node:fs';
import { isOpenForWriting } from './libc/files.js';

/** How a file was at a moment: two looks that are alike mean that nobody has written between them. */
export interface FileLook {
  readonly likeness: string;
  /** Milliseconds of the wall clock. */
  readonly changedAt: number;
  /** Somebody has it open to write to it, where that can be told. */
  readonly isOpen: boolean;
}

/** Looks at a file, where a link leads; null for none, or none that can be looked at. stat(2) */
export function lookAt(path: string): FileLook | null {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) return null;
    const { dev, ino, size, mtimeNs, mtimeMs } = stat;
    const isOpen = stat.isFile() && isWritten(path);
    return { likeness: [dev, ino, size, mtimeNs].join(), changedAt: Number(mtimeMs), isOpen };
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null; // whoever reads it is told why
    throw error;
  }
}

function isWritten(path: string): boolean {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    return isOpenForWriting(fd);
  } finally {
    closeSync(fd);
  }
}
