import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { innerMocha, readInnerReport, relay, type InnerResult } from '../support/inner-report.js';
import { patience } from '../support/patience.js';

const files = ['limits', 'rctl', 'life', 'supervision', 'devices'].map((name) =>
  join(import.meta.dirname, `${name}.test.js`),
);

/** In a mount namespace of its own the v2 tree is taken away; the host's own mounts stay as they are. */
const withoutV2 = `
set -e
awk '/ - cgroup2 / { print $5 }' /proc/self/mountinfo | while read -r tree; do umount "$tree"; done
! grep -q ' - cgroup2 ' /proc/self/mountinfo
grep -q ' - cgroup ' /proc/self/mountinfo
exec "$@"
`;

async function testWithoutV2(): Promise<readonly InnerResult[]> {
  const directory = mkdtempSync(join(tmpdir(), 'v1-tests-'));
  const report = join(directory, 'report.json');
  const words = ['-m', '--propagation', 'private', 'sh', '-c', withoutV2, 'sh'];
  try {
    const child = spawn('unshare', [...words, ...innerMocha(report, files, patience)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await once(child, 'close');
    if (!existsSync(report)) throw new Error(`the tests ended (${child.exitCode}) without a report`);
    return readInnerReport(report);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const hasV1 = / - cgroup /.test(readFileSync('/proc/self/mountinfo', 'utf8'));

// A host with v2 alone has no v1 hierarchies to test on; test/vm/ is the other way round.
if (hasV1)
  describe('jails on a host with cgroup v1 alone', function () {
    this.timeout(120_000 * patience).slow(60_000);
    let results: readonly InnerResult[] = [];

    before(async function () {
      results = await testWithoutV2();
      for (const result of results) relay(this.test?.parent, result.fullTitle, result);
    });

    it('every test file has been run', () => {
      expect([...new Set(results.map(({ file }) => file))].sort()).to.deep.equal([...files].sort());
    });
  });
