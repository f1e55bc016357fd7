import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { innerMocha, readInnerReport, relay, type InnerResult } from './inner-report.js';
import { patience } from './patience.js';

const MARK = 'JAILD_TEST_OUTER_NETNS';

const currentNetns = (): string => readlinkSync('/proc/self/ns/net');

/**
 * A suite whose tests run in a network namespace of their own, so that they may do with links, addresses and sysctls
 * what they like. The test file `url` is run once more below unshare(1); what its tests said there, the tests say here.
 */
export function describeInNetns(title: string, url: string, define: () => void): void {
  const outer = process.env[MARK];
  if (outer !== undefined) {
    if (outer === currentNetns()) throw new Error('unshare has left this process where it was');
    describe(title, define);
    return;
  }
  describe(title, function () {
    let results: readonly InnerResult[] = [];
    before(async function () {
      results = await runBelowUnshare(fileURLToPath(url));
      for (const result of results) relay(this.test?.parent, result.title, result);
    });
    it('runs apart from the network of the host', () => {
      expect(results.map((result) => result.fullTitle.startsWith(title)))
        .to.include(true)
        .and.not.include(false);
    });
  });
}

async function runBelowUnshare(file: string): Promise<readonly InnerResult[]> {
  const directory = mkdtempSync('/tmp/netns-test-');
  const output = join(directory, 'report.json');
  try {
    const args = ['-n', ...innerMocha(output, [file], patience)];
    const env = { ...process.env, [MARK]: currentNetns() };
    const child = spawn('unshare', args, {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 150_000 * patience,
    });
    const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    expect(signal, 'the run below unshare did not end').to.equal(null);
    return readInnerReport(output);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
