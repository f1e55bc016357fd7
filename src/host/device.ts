import { statSync, type Stats } from 'node:fs';
import type { DeviceNumbers } from '../plan/facts.js';
import { unless } from './files.js';

/** Splits the kernel's huge encoding: minor in bits 0-7 and 20-31, major in bits 8-19 (linux/kdev_t.h). */
export function deviceNumber({ rdev }: Stats): string {
  return `${(rdev >> 8) & 0xfff}:${(rdev & 0xff) | ((rdev >> 12) & 0xfff00)}`;
}

/** The device nodes among the paths; what is missing or something else is left out. Throws SystemError. */
export function findDevices(paths: readonly string[]): ReadonlyMap<string, DeviceNumbers> {
  const found = new Map<string, DeviceNumbers>();
  for (const path of paths) {
    const stat = unless(['ENOENT', 'ENOTDIR'], null, () => statSync(path));
    const type = stat?.isBlockDevice() === true ? 'b' : stat?.isCharacterDevice() === true ? 'c' : null;
    if (stat !== null && type !== null) found.set(path, { type, numbers: deviceNumber(stat) });
  }
  return found;
}
