import { readFileSync } from 'node:fs';
import should from 'should';
import { PayloadValidator } from '../../lib/schemas/payload-validator';
import { ARCHIVE_SCRIPT, archiveScript } from '../../lib/telegraf/script';
import { messagesAtTheLimits } from '../support/boundaries';
import { throughTelegraf } from '../support/testcases';

describe("the archive's limits", function () {
  this.timeout(180_000);

  it('are generated from the schemas: "npm run telegraf" would change nothing', () => {
    should(readFileSync(ARCHIVE_SCRIPT, 'utf8')).equal(archiveScript());
  });

  it('are those of egiz-payload-validate, met and missed, in every field', async () => {
    const messages = messagesAtTheLimits();
    const validator = new PayloadValidator(
      { choice: { kind: 'automatic' }, schemas: [], unmatched: 'invalid' },
      Date.now,
    );
    const outcome = await throughTelegraf(
      messages.map(({ topic, payload }, index) => ({
        name: String(index),
        topic,
        payload: Buffer.from(payload),
      })),
    );
    const counts = { taken: 0, refused: 0 };
    const disagreements: string[] = [];
    for (const [index, { topic, payload }] of messages.entries()) {
      const { errors } = validator.validate(topic, payload);
      const points = outcome.get(String(index)) ?? '';
      const taken = points !== '' && !points.startsWith('refused,');
      counts[taken ? 'taken' : 'refused'] += 1;
      if (taken !== (errors.length === 0))
        disagreements.push(`${payload.slice(0, 400)} ${JSON.stringify(errors)} ${points.slice(0, 200)}`);
    }
    should(disagreements.slice(0, 5)).eql([]);
    // Both happen often, or the comparison would say nothing.
    counts.taken.should.be.above(1_000);
    counts.refused.should.be.above(1_000);
  });
});
