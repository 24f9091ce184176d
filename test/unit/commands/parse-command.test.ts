import 'should';
import { parseCommand } from '../../../lib/commands/parse-command';
import { commandOf } from '../../support/edge';

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

describe('a configuration command', () => {
  it('is taken in the form the service sends, without members it does not know', () => {
    const command = commandOf(3, { speed: 1 });
    parseCommand(bytes({ ...command, extra: true })).should.eql(command);
  });

  for (const [member, value] of [
    ['type', 'Other'],
    ['commandId', 'not-a-uuid'],
    ['tenantId', 'a/b'],
    ['clientId', '#'],
    ['revision', 0],
    ['revision', 1.5],
    ['revision', '1'],
    ['version', ''],
    ['schema', 'thing'],
    ['settings', []],
    ['hash', 'ABC'],
    ['issuedAt', 'yesterday'],
    ['expiresAt', null],
  ] as const) {
    it(`is refused with ${member} ${JSON.stringify(value)}`, () => {
      (() => parseCommand(bytes({ ...commandOf(3, {}), [member]: value }))).should.throw({
        code: 'INVALID_MESSAGE',
        message: new RegExp(`"${member}"`),
      });
    });
  }

  for (const [what, payload] of [
    ['text that is not JSON', Buffer.from('{')],
    ['an array', Buffer.from('[]')],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22])],
    ['a __proto__ key', Buffer.from('{"settings":{"__proto__":{}}}')],
    ['a number that cannot be held', Buffer.from('{"settings":{"a":1e999}}')],
    ['more than 256 KB', bytes({ settings: 'x'.repeat(300_000) })],
  ] as const) {
    it(`is refused when it is ${what}`, () => {
      (() => parseCommand(payload)).should.throw({ code: 'INVALID_MESSAGE' });
    });
  }
});
