import type { Jail } from '../config/jail.js';
import type { Host, JailerHandle } from '../host/host.js';
import type { LaunchMode } from '../plan/launch.js';
import { keepsFile } from '../plan/log.js';
import type { Incarnation } from './incarnation.js';

/** A jail as far as its log goes. */
interface Logged {
  readonly definition: Jail;
  readonly mode: LaunchMode;
  readonly life: Incarnation | null;
}

/** Has what was put aside of a jail's log compressed, some time soon. */
export function tendLog(jail: Logged, host: Host): void {
  const definition = jail.life?.jail ?? jail.definition;
  const { values } = definition;
  if (jail.mode.foreground || values['log.compress'] === false || !keepsFile(values)) return;
  host.tendLog({
    jail: definition,
    path: jail.life?.plan?.log ?? null,
    writer: () => writerOf(jail),
  });
}

/** Who gives a jail's log files their names: its jailer, until that has said that all is written. */
function writerOf({ life }: Logged): JailerHandle | 'nobody' | 'unknown' {
  if (life === null) return 'nobody';
  if (life.jailer === null) return 'unknown';
  return life.jailer.phase === 'exited' ? 'nobody' : life.jailer;
}
