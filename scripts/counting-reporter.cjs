/**
 * Mocha's spec reporter, which also says at once why a spec failed or is run again, and writes how many passed and
 * failed, and which, and how long each file took to the file that COUNTS_FILE names.
 */
const { writeFileSync } = require('node:fs');
const { relative } = require('node:path');
const { reporters, Runner } = require('mocha');

module.exports = class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const { EVENT_SUITE_BEGIN, EVENT_SUITE_END, EVENT_TEST_FAIL, EVENT_TEST_RETRY, EVENT_RUN_END } = Runner.constants;
    const failures = [];
    const retried = [];
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
    runner.on(EVENT_TEST_RETRY, (test, error) => {
      retried.push(told(test, error));
      console.log(`      is run again: ${String(error?.stack ?? error)}`);
    });
    runner.on(EVENT_TEST_FAIL, (test, error) => failures.push(told(test, error)));
    runner.once(EVENT_RUN_END, () => {
      const { passes, failures: failed, pending } = this.stats;
      writeFileSync(
        process.env.COUNTS_FILE,
        JSON.stringify({ passed: passes, failed, skipped: pending, failures, retried, files }),
      );
    });
  }
};
