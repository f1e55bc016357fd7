import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { innerMocha, readInnerReport, type InnerResult } from './inner-report.js';

const repository = join(import.meta.dirname, '../../..');

/** Seconds after which a virtual host is killed: several times what it takes, for machines that have more to do. */
export const TIME_LIMIT = 1500;

/** One boot of a virtual host, and what is tested there. */
export interface VirtualRun {
  readonly script: 'uml.sh' | 'qemu.sh';
  /** How many times slower it is than the machine itself. */
  readonly patience: number;
  /** Options of every node there. */
  readonly nodeOptions: string;
  /** Test files below dist/test, without their ends. */
  readonly files: readonly string[];
}

/** Boots the virtual host, runs the files there in one mocha, and gives what each test said. Rejects when there is no report. */
export async function testOn({
  script,
  patience,
  nodeOptions,
  files,
}: VirtualRun): Promise<readonly InnerResult[]> {
  const share = mkdtempSync(join(tmpdir(), 'virtual-tests-'));
  const paths = files.map((file) => join(repository, 'dist/test', `${file}.test.js`));
  const words = [
    'env',
    `JAILD_TEST_PATIENCE=${patience}`,
    `NODE_OPTIONS=${nodeOptions}`,
    ...innerMocha('/out/report.json', paths, patience),
  ];
  try {
    const host = join(repository, 'test/vm', script);
    const child = spawn(host, ['-o', share, '-t', String(TIME_LIMIT), ...words], { cwd: repository });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes: Buffer) => (said += bytes.toString()));
    await once(child, 'close');
    const report = join(share, 'report.json');
    if (!existsSync(report))
      throw new Error(`${script} ended (${child.exitCode}) without a report:\n${said}`);
    return readInnerReport(report);
  } finally {
    rmSync(share, { recursive: true });
  }
}
