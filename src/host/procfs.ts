import { readFileSync } from 'node:fs';

/** The id of this boot of the machine. Throws SystemError. random(4). */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
