import 'should';
import { EgizError, toEgizError } from '../../lib/errors/egiz-error';

describe('EgizError', () => {
  it('keeps an EgizError and gives anything else a code', () => {
    const error = new EgizError('X', 'x', { topic: 't' });
    toEgizError(error).should.equal(error);
    toEgizError(Object.assign(new Error('no'), { code: 'ENOENT' })).code.should.equal('ENOENT');
    toEgizError('text').should.have.properties({ code: 'INTERNAL', message: 'text' });
  });
});
