import { textOf } from '../bytes.js';
import { format, type Formatted } from './format.js';

/**
 * Formats the bytes of a file. The language is ASCII outside of strings and comments, so a comment in another encoding
 * than UTF-8 passes through as it is.
 * @param file its name in diagnostics
 * @throws NodeJS.ErrnoException for what is too large to be a configuration
 */
export function formatBytes(file: string, bytes: Buffer): FormattedBytes {
  const text = textOf(bytes, file);
  const formatted = format({ file, text });
  if (!formatted.ok) return formatted;
  if (Buffer.from(text, 'utf8').equals(bytes))
    return { ok: true, bytes: Buffer.from(formatted.text, 'utf8') };
  const same = format({ file, text: bytes.toString('latin1') });
  return same.ok ? { ok: true, bytes: Buffer.from(same.text, 'latin1') } : same;
}

export type FormattedBytes =
  { readonly ok: true; readonly bytes: Buffer } | Extract<Formatted, { readonly ok: false }>;
