import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Test, type Suite } from 'mocha';

const MARK = 'JAILD_TEST_OUTER_NETNS';

interface Result {
  readonly title: string;
  readonly fullTitle: string;
  readonly err: { readonly message?: string; readonly stack?: string };
}

interface Report {
  readonly tests: readonly Result[];
  readonly pending: readonly Result[];
}

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
    let results: readonly Result[] = [];
    before(async function () {
      this.timeout(120_000);
      const report = await runBelowUnshare(fileURLToPath(url));
      results = report.tests;
      expect(report.pending).to.deep.equal([]);
      for (const result of results) relay(this.test?.parent, result);
    });
    it('runs apart from the network of the host', () => {
      expect(results.map((result) => result.fullTitle.startsWith(title)))
        .to.include(true)
        .and.not.include(false);
    });
  });
}

function relay(suite: Suite | undefined, { title, err }: Result): void {
  const test = new Test(title, () => {
    if (err.message === undefined) return;
    throw Object.assign(new Error(err.message), { stack: err.stack });
  });
  suite?.addTest(test);
}

async function runBelowUnshare(file: string): Promise<Report> {
  const directory = mkdtempSync('/tmp/netns-test-');
  const output = join(directory, 'report.json');
  const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
  try {
    const args = [
      '-n',
      process.execPath,
      mocha,
      '--reporter',
      'json',
      '--reporter-option',
      `output=${output}`,
      file,
    ];
    const env = { ...process.env, [MARK]: currentNetns() };
    const child = spawn('unshare', args, { env, stdio: ['ignore', 'ignore', 'inherit'], timeout: 60_000 });
    const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    expect(signal, 'the run below unshare did not end').to.equal(null);
    return JSON.parse(readFileSync(output, 'utf8')) as Report; // mocha's own format
  } finally {
    rmSync(directory, { recursive: true });
  }
}
