import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export interface MeasuredCheck {
  /** Of the process; null when it was killed. */
  readonly status: number | null;
  /** The first line that is printed: the first mistake, or the summary. */
  readonly firstLine: string;
  readonly peakMb: number;
}

/** `jailctl check --no-host FILE` in a process of its own, which may have as much memory as it wants. */
export function measureCheckOf(file: string, timeoutMs: number): MeasuredCheck {
  const program = join(import.meta.dirname, 'peak.js');
  const { status, stdout, stderr, output } = spawnSync(
    process.execPath,
    ['--max-old-space-size=8192', program, 'check', '--no-host', file],
    {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      timeout: timeoutMs,
      maxBuffer: 1 << 28,
      env: { ...process.env, JAILD_CALLED_AS: 'jailctl' },
    },
  );
  const [firstLine = ''] = `${stderr.toString()}${stdout.toString()}`.split('\n', 1);
  return { status, firstLine, peakMb: Number(output[3]?.toString()) / 1024 };
}
