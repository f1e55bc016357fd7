import { diagnose, type Place, type Source } from './syntax/source.js';
import { quotedPlace } from './culprit.js';
import type { Diagnostic } from './diagnostic.js';
import { readMount, type MountEntry } from './values/mount.js';

export interface Fstab {
  readonly entries: readonly MountEntry[];
  /** Where each entry stands, without the blanks and the comment around it. */
  readonly places: readonly Place[];
  readonly diagnostics: readonly Diagnostic[];
  /** Where each diagnostic is. */
  readonly mistakes: readonly Place[];
}

/** Reads the text of a mount.fstab file: what follows "#" is a comment, empty lines say nothing (jail(8)). */
export function parseFstab(text: string, file: string): Fstab {
  const source: Source = { file, text };
  const entries: MountEntry[] = [];
  const places: Place[] = [];
  const mistakes: Place[] = [];
  const diagnostics: Diagnostic[] = [];
  let start = 0;
  for (const line of text.split('\n')) {
    const uncommented = line.replace(/#.*/, '');
    const content = uncommented.trim();
    const result = content === '' ? null : readMount(content);
    const at = start + uncommented.indexOf(content);
    const whole = { source, start: at, end: at + content.length };
    if (result?.ok) {
      entries.push(result.value);
      places.push(whole);
    } else if (result !== null) {
      const place = quotedPlace(whole, result.message);
      mistakes.push(place);
      diagnostics.push(diagnose('error', 'fstab-syntax', place, result.message, result.hint));
    }
    start += line.length + 1;
  }
  return { entries, places, diagnostics, mistakes };
}
