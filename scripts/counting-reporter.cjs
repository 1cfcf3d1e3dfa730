/**
 * Mocha's spec reporter, which also says at once why a spec failed or is run again, and writes how many passed and
 * failed, of all and of each file, and which, to the file that COUNTS_FILE names.
 */
const { writeFileSync } = require('node:fs');
const { reporters, Runner } = require('mocha');

module.exports = class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const { EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING, EVENT_TEST_RETRY, EVENT_RUN_END } = Runner.constants;
    const failures = [];
    const retried = [];
    const files = {};
    const count = (kind) => (test) => {
      // What the hooks of the whole suite do belongs to no file.
      if (test.file === undefined) return;
      files[test.file] ??= { passed: 0, failed: 0, skipped: 0 };
      files[test.file][kind] += 1;
    };
    runner.on(EVENT_TEST_PASS, count('passed'));
    runner.on(EVENT_TEST_FAIL, count('failed'));
    runner.on(EVENT_TEST_PENDING, count('skipped'));
    const told = (test, error) => `${test.fullTitle()}: ${String(error?.message ?? error).trim()}`;
    runner.on(EVENT_TEST_RETRY, (test, error) => {
      retried.push(told(test, error));
      console.log(`      is run again: ${String(error?.stack ?? error)}`);
    });
    runner.on(EVENT_TEST_FAIL, (test, error) => failures.push(told(test, error)));
    runner.once(EVENT_RUN_END, () => {
      const { passes, failures: failed, pending } = this.stats;
      const counts = { passed: passes, failed, skipped: pending, files, failures, retried };
      writeFileSync(process.env.COUNTS_FILE, JSON.stringify(counts));
    });
  }
};
