import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestInstance } from '../support/instance.js';
import type { Attempt } from './statistics.js';
import { stopwatchProgram, type Stopwatch } from './stopwatch.js';

/** The words that run jailctl for an instance. */
export function jailctl(instance: TestInstance, ...words: readonly string[]): readonly string[] {
  return [instance.bin('jailctl'), '--prefix', instance.prefix, ...words];
}

/** Time of `jailctl start`. */
export function startOf(instance: TestInstance, watch: Stopwatch, name: string): Attempt {
  return async () => {
    const time = await watch.run(jailctl(instance, 'start', name));
    const { code, stderr } = instance.ctl('stop', name);
    if (code !== 0) throw new Error(stderr);
    return time;
  };
}

/** The parameters of a jail that can be crashed. */
export const CRASHABLE = 'command = "/bin/stopwatch beat /beat-$name"; restart.delay = 0;';

/** Lets jails of the instance be CRASHABLE. */
export function installStopwatch({ root }: TestInstance): void {
  copyFileSync(stopwatchProgram, join(root, 'bin/stopwatch'));
}

/** Starts a CRASHABLE jail. Time from killing its command until that runs again. */
export function crashOf(instance: TestInstance, watch: Stopwatch, name: string): Attempt {
  const fifo = join(instance.root, `beat-${name}`);
  spawnSync('mkfifo', [fifo]);
  chmodSync(fifo, 0o666);
  // Somebody has to read the first word.
  const script = `"$@" & head -c8 '${fifo}' >/dev/null; wait`;
  const reader = spawnSync('sh', ['-c', script, 'sh', ...jailctl(instance, 'start', name)]);
  if (reader.status !== 0) throw new Error(`the jail to be crashed: ${String(reader.stderr)}`);
  return async () => {
    await instance.until('the jail runs', () => instance.status(name).state === 'running');
    const init = instance.status(name).pid ?? 0;
    const command = readFileSync(`/proc/${init}/task/${init}/children`, 'utf8').trim();
    return watch.crash(Number(command), fifo);
  };
}
