/**
 * Mocha's spec reporter, which also writes to the file that COUNTS_FILE names how many specs passed and failed, which
 * failed, and how long each file took.
 */
const { writeFileSync } = require('node:fs');
const { relative } = require('node:path');
const { reporters, Runner } = require('mocha');

module.exports = class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const { EVENT_SUITE_BEGIN, EVENT_SUITE_END, EVENT_TEST_FAIL, EVENT_RUN_END } = Runner.constants;
    const failures = [];
    /** Milliseconds of each file, with its hooks. */
    const files = {};
    const ofFile = (suite) => suite.parent?.root === true && suite.file !== undefined;
    let began = 0;
    runner.on(EVENT_SUITE_BEGIN, (suite) => {
      if (ofFile(suite)) began = Date.now();
    });
    runner.on(EVENT_SUITE_END, (suite) => {
      if (!ofFile(suite)) return;
      // What runs as one bundle, inside VS Code, has no files.
      const file = relative('', suite.file).replaceAll('\\', '/') || 'test/host';
      files[file] = (files[file] ?? 0) + Date.now() - began;
    });
    const told = (test, error) => `${test.fullTitle()}: ${String(error?.message ?? error).trim()}`;
    runner.on(EVENT_TEST_FAIL, (test, error) => failures.push(told(test, error)));
    runner.once(EVENT_RUN_END, () => {
      const { passes, failures: failed, pending } = this.stats;
      writeFileSync(
        process.env.COUNTS_FILE,
        JSON.stringify({ passed: passes, failed, skipped: pending, failures, files }),
      );
    });
  }
};
