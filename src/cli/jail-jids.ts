import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Jail } from '../config/compile.js';
import { Refusal } from '../control/failure.js';
import type { DaemonContext } from './context.js';
import { jidFileLine } from './jail-exhibit.js';
import type { JailCall } from './jail-words.js';

/** -J: the numbers and parameters of the jails that were made, a line for each. Throws NodeJS.ErrnoException. */
export function writeJidFile(
  { jidFile, oldStyle }: JailCall,
  { operations, cwd }: DaemonContext,
  jails: readonly Jail[],
): void {
  if (jidFile === undefined) return;
  if (!jidFile.startsWith('/') && cwd === '')
    throw new Refusal(1, `${jidFile}: the working directory is gone`);
  const lines = jails.map((jail) => {
    const [status] = operations.status([jail.name]);
    return jidFileLine(jail, status?.jid ?? 0, oldStyle);
  });
  writeFileSync(resolve(cwd, jidFile), lines.join(''), { mode: 0o644 });
}
