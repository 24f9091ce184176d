import { writeFileSync } from 'node:fs';
import { type MochaOptions, type Runner, reporters } from 'mocha';

/** The spec reporter, plus a file with the counts that the test command adds up over its layers. */
class CountingReporter extends reporters.Spec {
  constructor(runner: Runner, options: MochaOptions & { reporterOptions?: { output?: string } }) {
    super(runner, options);
    const output = options.reporterOptions?.output;
    runner.on('retry', (test, fault) =>
      console.log(`    ~ tried again: ${test.fullTitle()}: ${fault.message}`),
    );
    runner.once('end', () => {
      if (output === undefined) return;
      writeFileSync(output, JSON.stringify({ passed: this.stats.passes, failed: this.stats.failures }));
    });
  }
}

export = CountingReporter;
