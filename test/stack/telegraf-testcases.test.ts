import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { readTestcases, TESTCASES, throughTelegraf } from '../support/testcases';

/** telegraf/testcases: a message in, line protocol out (FR-4.2, FR-4.3, FR-4.6). */
describe('the archive writes', function () {
  this.timeout(180_000);
  const testcases = readTestcases();
  let outcome: ReadonlyMap<string, string> = new Map();
  before(async () => {
    outcome = await throughTelegraf(testcases);
  });

  for (const { name } of testcases) {
    it(name, () => {
      should(outcome.get(name)).equal(readFileSync(join(TESTCASES, name, 'expected.lp'), 'utf8'));
    });
  }

  it('something of each message, and never a word on a fault of its own', () => {
    for (const [name, points] of outcome) {
      points.should.not.equal('', name);
      points.should.not.match(/reason=internal/, name);
    }
  });
});
