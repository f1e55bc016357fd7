import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Test, type Suite } from 'mocha';

/** What a test said that ran in another mocha: in another namespace, or on a virtual host. */
export interface InnerResult {
  readonly title: string;
  readonly fullTitle: string;
  readonly file: string;
  /** Empty for a test that passed. */
  readonly err: { readonly message?: string; readonly stack?: string };
}

/** The file that mocha's json reporter writes. */
interface Report {
  readonly tests: readonly InnerResult[];
  readonly pending: readonly InnerResult[];
  /** Tests, and hooks, which `tests` does not have. */
  readonly failures: readonly InnerResult[];
}

/** The results of a mocha run with its json reporter; a skipped test is one that failed. Throws when there is no report. */
export function readInnerReport(path: string): readonly InnerResult[] {
  const { tests, pending, failures } = JSON.parse(readFileSync(path, 'utf8')) as Report;
  const hooks = failures.filter(({ fullTitle }) => !tests.some((test) => test.fullTitle === fullTitle));
  const skipped = new Set(pending.map(({ fullTitle }) => fullTitle));
  const judged = tests.map((test) =>
    skipped.has(test.fullTitle) ? { ...test, err: { message: 'it was skipped' } } : test,
  );
  return [...judged, ...hooks];
}

/** Adds a test to the suite that says what the inner one has said. For a `before` hook of a suite that has a test of its own. */
export function relay(suite: Suite | undefined, title: string, { err }: InnerResult): void {
  if (suite === undefined) throw new Error('results belong to a suite');
  const test = new Test(title, () => {
    if (err.message === undefined) return;
    throw Object.assign(new Error(err.message), { stack: err.stack ?? err.message });
  });
  suite.addTest(test);
}

/** The words that run compiled test files in a further mocha, which writes its report to `report`. */
export function innerMocha(report: string, files: readonly string[], patience: number): readonly string[] {
  const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
  const timeout = String(180_000 * patience);
  const options = [
    '--no-config',
    '--timeout',
    timeout,
    '--reporter',
    'json',
    '--reporter-option',
    `output=${report}`,
  ];
  return [process.execPath, mocha, ...options, ...files];
}
