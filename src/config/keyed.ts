import type { JailParams } from './params.js';

/**
 * The text attached to a jail by `meta` or `env` together with `meta.KEY` or `env.KEY`, which are lines KEY=VALUE of it
 * (jail(8) of FreeBSD 15): a line that the text has already is replaced, others are added.
 */
export function attachedText(values: JailParams, name: 'meta' | 'env'): string {
  const keys = Object.entries((name === 'meta' ? values.metaKeys : values.envKeys) ?? {});
  const text = values[name] ?? '';
  if (keys.length === 0) return text;
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  for (const [key, value] of keys) {
    const at = lines.findIndex((line) => line.startsWith(`${key}=`));
    lines.splice(at < 0 ? lines.length : at, at < 0 ? 0 : 1, `${key}=${value}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}
