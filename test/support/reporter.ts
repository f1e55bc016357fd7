import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';
import { allowedSkips } from './allowed-skips.js';

/**
 * Mocha's own report, and "PASSED FAILED" in the file that JAILD_TEST_COUNTS names. A skipped test has shown nothing:
 * it counts as failed unless `allowedSkips` gives a reason for it.
 */
// eslint-disable-next-line no-restricted-syntax -- mocha takes a reporter by its default export
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    const skipped: string[] = [];
    runner.on(Mocha.Runner.constants.EVENT_TEST_PENDING, (test) => skipped.push(test.fullTitle()));
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const unexplained = skipped.filter((title) => !allowedSkips.has(title));
      for (const title of unexplained) {
        console.log(`  skipped without a reason in test/support/allowed-skips.ts: ${title}`);
      }
      const file = process.env.JAILD_TEST_COUNTS;
      if (file !== undefined) {
        const failed = runner.failures + unexplained.length;
        writeFileSync(file, `${String(this.stats.passes)} ${String(failed)}\n`);
      }
    });
  }
}
