import should from 'should';
import type { JsonObject } from '../../lib/json/json';
import { CheckWriter } from '../../lib/telegraf/starlark';

describe('checks in Starlark', () => {
  const write = (schema: JsonObject, forms: ReadonlyMap<string, string> = new Map()) => {
    const writer = new CheckWriter(new Map([['urn:openegiz:schema:a', schema]]), forms);
    writer.addMessage('urn:openegiz:schema:a');
    return writer.text();
  };
  const refused = (schema: JsonObject, message: RegExp) =>
    should(() => write(schema)).throw(message, { code: 'SCHEMA_UNSUPPORTED' });

  it('are a function a schema, which names the reason, the place and the rule', () => {
    const limited = { type: 'object', properties: { a: { type: 'integer', maximum: 5 } } };
    write(limited)
      .trim()
      .should.equal(
        [
          'def check_a(value):',
          '    if type(value) != "dict":',
          '        refuse("type", "", "must be object")',
          '    if "a" in value:',
          '        a_0 = value["a"]',
          '        if type(a_0) != "int" and (type(a_0) != "float" or a_0 != int(a_0)):',
          '            refuse("type", "/a", "must be integer")',
          '        if a_0 > 5:',
          '            refuse("range", "/a", "must be at most 5")',
        ].join('\n'),
      );
  });

  it('leave no rule out in silence', () => {
    refused({ type: 'array', uniqueItems: true }, /uses "uniqueItems"/);
    refused({ type: 'string', pattern: '^x$' }, /has a pattern without a Starlark function: \^x\$/);
    refused({ type: 'integer', minimum: 0 }, /has an integer without a maximum/);
    refused({ not: { minimum: 1 } }, /has the condition "minimum"/);
    refused({ $ref: 'urn:openegiz:schema:b' }, /urn:openegiz:schema:b is not there/);
  });

  it('know a pattern by the function that is named for it', () => {
    const forms = new Map([['^x$', 'is_x']]);
    write({ type: 'string', pattern: '^x$' }, forms).should.containEql('if not is_x(value):');
  });
});
