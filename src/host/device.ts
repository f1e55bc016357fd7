import { statSync } from 'node:fs';
import type { DeviceNumbers } from '../plan/facts.js';
import { deviceNumber } from './disk.js';
import { unless } from './files.js';

/** The device nodes among the paths; what is missing or something else is left out. Throws SystemError. */
export function findDevices(paths: readonly string[]): ReadonlyMap<string, DeviceNumbers> {
  const found = new Map<string, DeviceNumbers>();
  for (const path of paths) {
    const stat = unless(['ENOENT', 'ENOTDIR'], null, () => statSync(path));
    const type = stat?.isBlockDevice() === true ? 'b' : stat?.isCharacterDevice() === true ? 'c' : null;
    if (stat !== null && type !== null) found.set(path, { type, numbers: deviceNumber(stat.rdev) });
  }
  return found;
}
