import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let root: string | null = null;

/** A new directory that is gone when the tests are over. */
export function temporaryDirectory(): string {
  if (root === null) {
    const made = mkdtempSync(join(tmpdir(), 'jaild-plain-'));
    process.on('exit', () => rmSync(made, { recursive: true, force: true }));
    root = made;
  }
  mkdirSync(root, { recursive: true });
  return mkdtempSync(join(root, 'd-'));
}
