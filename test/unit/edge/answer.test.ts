import 'should';
import { outcomeOf } from '../../../lib/edge/answer';
import { EgizError } from '../../../lib/errors/egiz-error';

const REFUSED = [{ pointer: '/tags/a', rule: 'BadNodeIdUnknown', message: 'is not known' }];
const STRICT = { apply: { onTagError: 'fail' } };

describe("a flow's answer to a configuration", () => {
  it('is applied when it says nothing else', () => {
    outcomeOf({}, {}).should.match({ state: 'applied', code: 'APPLIED', errors: [] });
  });

  it('is applied with errors when keys were refused', () => {
    outcomeOf({ errors: REFUSED }, {}).should.match({
      state: 'applied',
      code: 'APPLIED_WITH_ERRORS',
      message: /1 key was refused/,
      errors: REFUSED,
    });
  });

  it('is failed when keys were refused and the settings ask for that', () => {
    outcomeOf({ errors: REFUSED }, STRICT).should.match({ state: 'failed', code: 'TAG_ERRORS' });
  });

  it('is failed by an error: of a Catch node, an Error, a text', () => {
    const caught = { message: 'no power', code: 'EIO', source: { id: 'n1' } };
    outcomeOf({ error: caught }, {}).should.match({ state: 'failed', code: 'EIO', message: 'no power' });
    outcomeOf({ error: new Error('no power') }, {}).should.match({ state: 'failed', code: 'APPLY_FAILED' });
    outcomeOf({ error: 'no power' }, {}).should.match({ state: 'failed', message: 'no power' });
  });

  it('takes over the key errors of one of our own errors', () => {
    const error = new EgizError('UNREACHABLE', 'The server is away', { errors: REFUSED });
    outcomeOf({ error }, {}).should.match({ code: 'UNREACHABLE', errors: REFUSED });
  });

  it('may name state, code and message itself', () => {
    const answer = { state: 'rejected', code: 'SECRET_MISSING', message: 'no secret opc/press-1' };
    outcomeOf(answer, {}).should.match(answer);
    outcomeOf({ state: 'rejected' }, {}).code.should.equal('INVALID');
  });

  it('may list errors as texts', () => {
    outcomeOf({ errors: ['lamp 3 is broken'] }, {}).errors.should.eql([
      { pointer: '', rule: 'error', message: 'lamp 3 is broken' },
    ]);
  });

  for (const [what, answer] of [
    ['a state we do not know', { state: 'done' }],
    ['errors that are no list', { errors: 'x' }],
    ['an error entry that is a number', { errors: [1] }],
  ] as const) {
    it(`is refused with ${what}`, () => {
      (() => outcomeOf(answer, {})).should.throw({ code: 'CONFIG_ANSWER_INVALID' });
    });
  }
});
