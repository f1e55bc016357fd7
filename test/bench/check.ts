import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Line } from './report.js';
import { race } from './statistics.js';
import { Stopwatch } from './stopwatch.js';

const program = join(import.meta.dirname, '../../../bin/jailctl');

/** `jailctl check` of a large file, Node's own start included. */
export async function measureCheck(count: number, rounds: number): Promise<readonly Line[]> {
  const prefix = mkdtempSync('/tmp/jaild-bench-');
  const watch = new Stopwatch();
  try {
    const file = join(prefix, 'jail.conf');
    const jails = Array.from(
      { length: count },
      (_, index) =>
        `j${index} { host.hostname = "$name.example"; ip4.addr = 10.${(index >> 16) + 1}.${(index >> 8) & 255}.${index & 255}; memory.max = 64M; }\n`,
    );
    writeFileSync(file, `path = /; command = "/bin/sleep 1000"; exec.clean;\n${jails.join('')}`);
    const { check } = await race(
      { check: () => watch.run([program, '--prefix', prefix, 'check', file]) },
      rounds,
      1,
    );
    return [
      { what: `check of ${count} jails in one file`, figure: check, unit: 'ms', peer: null, budget: 1000 },
    ];
  } finally {
    watch.close();
    rmSync(prefix, { recursive: true });
  }
}
