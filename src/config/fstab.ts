import { diagnose, type Source } from './source.js';
import { quotedPlace } from './culprit.js';
import type { Diagnostic } from './diagnostic.js';
import { readMount, type MountEntry } from './values/mount.js';

export interface Fstab {
  readonly entries: readonly MountEntry[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads the text of a mount.fstab file: what follows "#" is a comment, empty lines say nothing (jail(8)). */
export function parseFstab(text: string, file: string): Fstab {
  const source: Source = { file, text };
  const entries: MountEntry[] = [];
  const diagnostics: Diagnostic[] = [];
  let start = 0;
  for (const line of text.split('\n')) {
    const uncommented = line.replace(/#.*/, '');
    const content = uncommented.trim();
    const result = content === '' ? null : readMount(content);
    if (result?.ok) entries.push(result.value);
    else if (result !== null) {
      const at = start + uncommented.indexOf(content);
      const place = quotedPlace({ source, start: at, end: at + content.length }, result.message);
      diagnostics.push(diagnose('error', 'fstab-syntax', place, result.message, result.hint));
    }
    start += line.length + 1;
  }
  return { entries, diagnostics };
}
