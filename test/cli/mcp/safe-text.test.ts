import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AddressMask, fit, fitList, framed } from '../../../src/cli/mcp/safe-text.ts';
import { planted, spellings } from './plantings.ts';

const json: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ maxLength: 20 }),
    fc.integer(),
    fc.array(tie('value'), { maxLength: 30 }),
    fc.dictionary(fc.string({ maxLength: 10 }), tie('value'), { maxKeys: 10 }),
  ),
})).value;

describe('what an assistant is told', () => {
  it('has the same mark for the same address, and another for another', () => {
    const mask = new AddressMask();
    const [jane, joe] = [mask.of('jane@example.org'), mask.of('joe@example.org')];
    assert.match(jane, /^address-[0-9a-f]{10}$/);
    assert.notEqual(jane, joe);
    assert.equal(mask.of(' JANE@Example.ORG'), jane);
    const text = mask.in('jane@example.org JANE%40Example.ORG, jane\\u0040example.org joe@example.org');
    assert.equal(text, `${jane} ${jane} ${jane} ${joe}`);
    assert.equal(mask.in('nobody at all'), 'nobody at all');
  });

  it('holds no address of a text, however it is escaped and among whatever', () => {
    const mask = new AddressMask();
    // What these encode is not looked into in a text; nothing of a body or answer is told as text, but by a flag.
    const written = Object.entries(spellings).filter(([name]) => !/base64|hexadecimal|on two lines/.test(name));
    const beside = fc.string({ maxLength: 20, unit: fc.constantFrom(...Array.from('ab "<>,;&%\\u=+{}[]:\n')) });
    fc.assert(
      fc.property(fc.constantFrom(...written), fc.nat(9999), beside, beside, ([name, spell], n, before, after) => {
        const address = JSON.parse(`"${spell(n)}"`) as string;
        assert.equal(planted(mask.in(`${before} ${address} ${after}`)), undefined, name);
      }),
      { numRuns: 2000 },
    );
  });

  it('is no longer than it may be, is JSON, and says how many were left off', () => {
    fc.assert(
      fc.property(json, fc.integer({ min: 100, max: 2000 }), (value, most) => {
        const told = JSON.stringify(fit(value, most));
        assert.ok(told.length <= most, told);
        if (JSON.stringify(value).length <= most - 60) assert.equal(typeof JSON.parse(told), typeof value);
      }),
    );
    const list = Array.from({ length: 1000 }, (_each, index) => ({ index }));
    const told = fit(list, 500) as unknown[];
    assert.equal(told.at(-1), `${1000 - (told.length - 1)} more omitted`);
    assert.deepEqual(told.slice(0, -1), list.slice(0, told.length - 1));
    assert.deepEqual(fit(list, 50_000), list);
    const many = fitList(Array.from({ length: 1000 }, () => 'x'.repeat(1000)));
    assert.equal(many.fitting.length + many.leftOff, 1000);
    assert.ok(many.fitting.length > 190 && many.fitting.length < 200);
  });

  it('masks secrets in URLs', () => {
    const url = 'https://x.example.org/hooks/0123456789abcdef0123456789abcdef/open-connectors?token=abcdefgh';
    const text = framed('Said.', { url });
    assert.doesNotMatch(text, /0123456789abcdef|abcdefgh/);
    assert.match(text, /^Said\.\nText between the (untrusted-\w{16}) [^\n]*\n<\1>\n[^]*\n<\/\1>$/);
  });
});
