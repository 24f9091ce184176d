import should from 'should';
import { canonicalJson, hashSettings } from '../../lib/json/canonical';
import { diffJson } from '../../lib/json/diff';
import { mergePatch } from '../../lib/json/merge';
import { parseJson } from '../../lib/json/parse';

const limits = { maxBytes: 1000, maxDepth: 3 };

describe('strict JSON', () => {
  const refused: [string, Buffer | string, string][] = [
    ['text that is not JSON', '{"a":', 'JSON_SYNTAX'],
    ['NaN', '{"a":NaN}', 'JSON_SYNTAX'],
    ['a number that becomes Infinity', '{"a":1e999}', 'JSON_REFUSED'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22]), 'JSON_NOT_UTF8'],
    ['a __proto__ key', '{"a":{"__proto__":{"b":1}}}', 'JSON_REFUSED'],
    ['too deep a nesting', '{"a":{"b":{"c":{}}}}', 'JSON_REFUSED'],
    ['too many bytes', JSON.stringify('x'.repeat(1000)), 'JSON_TOO_LARGE'],
  ];
  for (const [name, text, code] of refused) {
    it(`refuses ${name} (${code})`, () => {
      (() => parseJson(text, limits)).should.throw({ code });
    });
  }

  it('names the place of the fault by JSON Pointer', () => {
    (() => parseJson('{"a/b":{"c":1e999}}', limits)).should.throw({
      cause: {
        errors: [{ pointer: '/a~1b/c', rule: 'number', message: 'is a number too large to be held exactly' }],
      },
    });
  });

  it('accepts "constructor", "1e3" and "0" as keys', () => {
    should(parseJson('{"constructor":1,"1e3":2,"0":3}', limits)).eql({ constructor: 1, '1e3': 2, 0: 3 });
  });
});

describe('RFC 8785 canonical JSON', () => {
  it('gives the example of RFC 8785 section 3.2.3', () => {
    const text =
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}';
    canonicalJson(parseJson(text, limits)).should.equal(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('hashes equal content equally, whatever its order', () => {
    hashSettings({ a: 1, b: { d: 2, c: 3 } }).should.equal(hashSettings({ b: { c: 3, d: 2 }, a: 1 }));
  });
});

describe('RFC 7396 merge patch', () => {
  it('removes by null, merges objects, replaces arrays', () => {
    mergePatch(
      { a: 1, b: { c: 2, d: 3 }, e: [1, 2] },
      { a: null, b: { c: 4 }, e: [3], f: { g: null } },
    ).should.eql({
      b: { c: 4, d: 3 },
      e: [3],
      f: {},
    });
  });
});

describe('diff', () => {
  it('names each changed place once, with what was and what is', () => {
    diffJson({ a: 1, b: { 'c/d': 2, e: 3 }, x: 1 }, { a: 1, b: { 'c/d': 5 }, y: [1] }).should.eql([
      { pointer: '/b/c~1d', before: 2, after: 5 },
      { pointer: '/b/e', before: 3 },
      { pointer: '/x', before: 1 },
      { pointer: '/y', after: [1] },
    ]);
  });
});
