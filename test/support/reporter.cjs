'use strict';
// The spec reporter, followed by the one line that scripts read: `N passed, N failed, N skipped`.
const { reporters } = require('mocha');

module.exports = class SummaryReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes = 0, failures = 0, pending = 0 } = this.stats ?? {};
      // A run that executed nothing must not look green.
      if (passes + failures === 0) process.exitCode = 1;
      process.on('exit', () => {
        process.stdout.write(`${passes} passed, ${failures} failed, ${pending} skipped\n`);
      });
    });
  }
};
