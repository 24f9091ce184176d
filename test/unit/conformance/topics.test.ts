import should from 'should';
import { commonTopic, topicOf } from '../../../lib/conformance/account';
import { knownRights } from '../../../lib/conformance/known-rights';
import { REQUIREMENTS } from '../../../lib/conformance/requirements';
import { matchesFilter } from '../../../lib/topics/filters';

describe('topics of the broker check', () => {
  const pairs: [string, string, string | undefined][] = [
    ['a/b', 'a/b', 'a/b'],
    ['a/b', 'a/+', 'a/b'],
    ['a/+', '+/b', 'a/b'],
    ['a/+', 'a/+', 'a/UNIQUE'],
    ['a/#', 'a/#', 'a/UNIQUE'],
    ['a/#', 'a', 'a'],
    ['a/#', 'a/+/c', 'a/UNIQUE/c'],
    ['a/+/#', 'a/b/c/+', 'a/b/c/UNIQUE'],
    ['#', 'a/#', 'a/UNIQUE'],
    ['a/b', 'a/c', undefined],
    ['#', '$SYS/#', undefined],
  ];
  for (const [left, right, topic] of pairs) {
    it(`have ${topic ?? 'nothing'} in common for ${left} and ${right}, either way`, () => {
      for (const found of [commonTopic(left, right, 'UNIQUE'), commonTopic(right, left, 'UNIQUE')]) {
        should(found).equal(topic);
        if (found !== undefined)
          [left, right].every((filter) => matchesFilter(filter, found)).should.be.true();
      }
    });
  }

  it('lie below the filter they are made for', () => {
    topicOf('tenants/a/clients/b/telemetry/#', 'UNIQUE').should.equal('tenants/a/clients/b/telemetry/UNIQUE');
  });
});

describe('rights of the accounts of the broker check', () => {
  it("are a client's by its name TENANT.CLIENT", () => {
    should(
      knownRights('first', 'acme.press-line-1', undefined)?.map(
        ({ access, filter }) => `${access} ${filter}`,
      ),
    ).eql([
      'read tenants/acme/clients/press-line-1/commands/config',
      'write tenants/acme/clients/press-line-1/status',
      'write tenants/acme/clients/press-line-1/telemetry/#',
      'write tenants/acme/clients/press-line-1/meta/#',
    ]);
  });

  it('are not guessed for another name', () => {
    should(knownRights('first', 'esp32-oven001-elec', undefined)).be.undefined();
  });
});

describe('requirements of the broker check', () => {
  it('have an id of their own each, and a title', () => {
    should(new Set(REQUIREMENTS.map(({ id }) => id)).size).equal(REQUIREMENTS.length);
    for (const { title } of REQUIREMENTS) should(title).match(/^[A-Z].{10,}/);
  });
});
