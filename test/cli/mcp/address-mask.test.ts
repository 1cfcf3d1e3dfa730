import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AddressMask } from '../../../src/cli/mcp/address-mask.ts';
import { planted, spellings } from './plantings.ts';

describe('addresses in a text for an assistant', () => {
  it('have the same mark if they are the same, and another otherwise', () => {
    const mask = new AddressMask();
    const [jane, joe] = [mask.markOf('jane@example.org'), mask.markOf('joe@example.org')];
    assert.match(jane, /^address-[0-9a-f]{10}$/);
    assert.notEqual(jane, joe);
    assert.equal(mask.markOf(' JANE@Example.ORG'), jane);
    const text = mask.replaceIn('jane@example.org JANE%40Example.ORG, jane\\u0040example.org joe@example.org');
    assert.equal(text, `${jane} ${jane} ${jane} ${joe}`);
    assert.equal(mask.replaceIn('nobody at all'), 'nobody at all');
  });

  it('aren’t findable, however they are written and among whatever', () => {
    const mask = new AddressMask();
    const beside = fc.string({ maxLength: 20, unit: fc.constantFrom(...Array.from('ab "<>,;&%\\u=+{}[]:\n')) });
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.entries(spellings)),
        fc.nat(9999),
        beside,
        beside,
        ([name, spell], n, before, after) => {
          const address = JSON.parse(`"${spell(n)}"`) as string;
          assert.equal(planted(mask.replaceIn(`${before} ${address} ${after}`)), undefined, name);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('leave IDs and words as they are', () => {
    const mask = new AddressMask();
    for (const text of [
      '96c0bbdaa54760c8d9e62a2b7ffa2e13',
      '5f0c1f9e-6b1b-4b52-9d0b-2b6f0f3b8a51',
      'Subscribe',
      'the body has more than 350000 values',
      'http://127.0.0.1:3000/callback?a=1',
    ])
      assert.equal(mask.replaceIn(text), text);
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f]{32}$/), (id) => {
        assert.equal(mask.replaceIn(id), id);
      }),
      { numRuns: 1000, seed: 1 },
    );
  });

  it('are masked in a URL behind its origin', () => {
    const mask = new AddressMask();
    const jane = mask.markOf('jane@example.org');
    assert.equal(mask.replaceIn('https://x.example.org/in?to=jane%40example.org'), `https://x.example.org/${jane}`);
    assert.doesNotMatch(mask.replaceIn('https://jane%40example.org:pw@x.example.org/in'), /jane/);
  });

  it('have the same mark in base64, without a dot in the domain, and before a full stop', () => {
    const mask = new AddressMask();
    for (const address of ['jane@example.org', 'x@localhost', 'x@[192.0.2.1]']) {
      const marked = mask.markOf(address);
      for (const before of ['', '<', ':<'])
        for (const text of [`${before}${address}`, Buffer.from(`${before}${address}`).toString('base64')])
          assert.equal(mask.replaceIn(text), marked, text);
      assert.equal(mask.replaceIn(Buffer.from(`to ${address}.`).toString('base64')), marked);
      assert.equal(mask.replaceIn(`Write to ${address}. Or don't.`), `Write to ${marked} Or don't.`);
    }
  });

  // One for each expression. A search that starts again at each character takes minutes.
  for (const piece of ['\\', '\\u{0', '%4', '=4', '&#0', '&#x0', '&am', '"', '" ', ' ', 'QUFB', 'a', '@', '\\@', '['])
    it(`take no longer in a text of only ${JSON.stringify(piece)}, for its length`, () => {
      const mask = new AddressMask();
      const repeated = piece.repeat(131_072 / piece.length);
      for (const text of [`${repeated}@`, `@${repeated}`]) assert.notEqual(mask.replaceIn(text), text);
    }).timeout(10_000);
});
