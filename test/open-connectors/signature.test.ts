import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { sign, verify } from '../../src/open-connectors/signature.ts';

const key = 'MySecretEventSignatureKey';
const body = Buffer.from('<INSERT_EVENT_NOTIFICATION_RESPONSE_BODY>');
const header = 'sha256=jHdbRx5EZAsOfTwAPJOGkNUzQMVVdu5VJlxcsk+G6jQ=';
const sha1 = `sha1=${createHmac('sha1', key).update(body).digest('base64')}`;

describe("the platform's signature", () => {
  it('signs the documented test vector: base64 of HMAC-SHA256, not hex', () => {
    assert.equal(sign(body, key), header);
  });

  it('verifies the test vector, and the sha1 of older platforms', () => {
    assert.equal(verify(body, header, [key]), true);
    assert.equal(verify(body, ` ${header} `, [key]), true);
    assert.equal(verify(body, sha1, [key]), true);
  });

  it('verifies under any of several keys', () => {
    assert.equal(verify(body, header, ['other', key, 'third']), true);
    assert.equal(verify(body, header, ['other', 'third']), false);
    assert.equal(verify(body, header, []), false);
  });

  it('refuses another body, another algorithm, hex, and what is no signature', () => {
    const hex = createHmac('sha256', key).update(body).digest('hex');
    const md5 = createHmac('md5', key).update(body).digest('base64');
    assert.equal(verify(Buffer.concat([body, Buffer.from(' ')]), header, [key]), false);
    for (const wrong of [
      '',
      'sha256=',
      header.slice(7),
      header.replace('256', '1'),
      `sha256=${hex}`,
      `md5=${md5}`,
      `${header}x`,
      `sha256=${sha1.slice(5)}`,
      'sha256=!!!!',
    ]) {
      assert.equal(verify(body, wrong, [key]), false, wrong);
    }
  });

  it('fits what it signed, and nothing that differs in one byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.string({ minLength: 1 }), fc.nat(), (bytes, secret, at) => {
        const signature = sign(bytes, secret);
        assert.equal(verify(bytes, signature, [secret]), true);
        const changed = Uint8Array.from(bytes);
        changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ 1;
        assert.equal(verify(changed, signature, [secret]), false);
        assert.equal(verify(bytes, signature, [`${secret}x`]), false);
      }),
    );
  });
});
