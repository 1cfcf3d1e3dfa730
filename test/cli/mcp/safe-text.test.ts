import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AddressMask, bodyText, framed, longestBody } from '../../../src/cli/mcp/safe-text.ts';

describe('what an assistant is told', () => {
  it('has the same mark for the same address, however it is written', () => {
    const mask = new AddressMask();
    const text = mask.in('jane@example.org JANE@Example.ORG jane%40example.org jane\\u0040example.org joe@example.org');
    assert.equal(text, 'address-1 address-1 address-1 address-1 address-2');
    assert.equal(mask.in('<a href="mailto:jane&#64;example.org">'), '<a href="mailto:address-1">');
  });

  it('holds no address that is in a body, wherever that is cut', () => {
    const mask = new AddressMask();
    const address = fc.tuple(
      fc.stringMatching(/^[a-z0-9.+-]{1,30}$/),
      fc.stringMatching(/^[a-z0-9]{1,20}\.[a-z]{2,6}$/),
    );
    fc.assert(
      fc.property(address, fc.integer({ min: longestBody - 60, max: longestBody + 5 }), ([local, host], before) => {
        const given = `${' '.repeat(before)}"${local}@${host}" and more`;
        const told = mask.in(bodyText(Buffer.from(given).toString('base64')));
        assert.ok(!told.includes(`${local}@`), told.trim());
      }),
    );
  });

  it('is no text where the bytes are none', () => {
    assert.equal(bodyText(Buffer.from([0xff, 0xfe]).toString('base64')), '(2 bytes that are no text)');
  });

  it('masks secrets in URLs, and what is known of it', () => {
    const url = 'https://x.example.org/hooks/0123456789abcdef0123456789abcdef/open-connectors?token=abcdefgh';
    const text = framed(
      'Said.',
      { url, address: 'no-address-by-form' },
      { mask: new AddressMask(), known: ['no-address-by-form'] },
    );
    assert.doesNotMatch(text, /0123456789abcdef|abcdefgh|no-address-by-form/);
    assert.match(text, /^Said\.\nBetween the marks (untrusted-\w{16}) [^\n]*\n<\1>\n[^]*\n<\/\1>$/);
  });
});
