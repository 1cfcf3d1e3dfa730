/**
 * Mocha's spec reporter, which also says at once why a spec failed or is run again, and writes how many passed and
 * failed, and which, to the file that COUNTS_FILE names.
 */
const { writeFileSync } = require('node:fs');
const { reporters, Runner } = require('mocha');

module.exports = class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const { EVENT_TEST_FAIL, EVENT_TEST_RETRY, EVENT_RUN_END } = Runner.constants;
    const failures = [];
    const retried = [];
    const told = (test, error) => `${test.fullTitle()}: ${String(error?.message ?? error).trim()}`;
    runner.on(EVENT_TEST_RETRY, (test, error) => {
      retried.push(told(test, error));
      console.log(`      is run again: ${String(error?.stack ?? error)}`);
    });
    runner.on(EVENT_TEST_FAIL, (test, error) => failures.push(told(test, error)));
    runner.once(EVENT_RUN_END, () => {
      const { passes, failures: failed, pending } = this.stats;
      const counts = { passed: passes, failed, skipped: pending, failures, retried };
      writeFileSync(process.env.COUNTS_FILE, JSON.stringify(counts));
    });
  }
};
