import assert from 'node:assert/strict';
import fc from 'fast-check';
import { holdsHookSecret, hookPath, hookPlaces, hookSecret, hookUrl, readHookUrl } from '../../src/common/hook-path.ts';
import { maskedValue, maskPlaces } from '../../src/common/masking.ts';

const secrets = fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdef')), minLength: 32, maxLength: 32 });
const bases = fc.oneof(
  fc.constantFrom('', 'http://127.0.0.1:8787', 'https://a.example/dev/hooks'),
  fc.webUrl().map((url) => url.replace(/\/$/, '')),
);

describe('the path of the webhook endpoint', () => {
  it('is read again as it was made, and masked in any text', () => {
    fc.assert(
      fc.property(bases, secrets, fc.constantFrom(...hookPlaces), (base, secret, place) => {
        const url = hookUrl(base, secret, place);
        assert.ok(url.endsWith(hookPath(secret, place)));
        assert.deepEqual(readHookUrl(url), { base, secret, place });
        assert.ok(holdsHookSecret(url));
        const masked = maskPlaces(`see ${url}.`, [hookSecret]);
        assert.ok(masked.includes(`/hooks/${maskedValue}/`) && !masked.includes(secret), masked);
      }),
    );
  });

  it('is nothing else', () => {
    const path = hookPath('a'.repeat(32), 'campaign-monitor');
    for (const text of [
      '',
      `${path}/`,
      `${path}?a`,
      `https://a.example/?next=${path}`,
      path.toUpperCase(),
      path.replace('campaign', 'other'),
      path.replace('aa', 'a'),
      path.replace('/hooks', 'hooks'),
    ])
      assert.equal(readHookUrl(text), undefined, text);
  });

  it('may be half typed', () => {
    assert.ok(holdsHookSecret(`http://x/hooks/${'A'.repeat(32)}`));
    assert.ok(!holdsHookSecret(`http://x/hooks/${'a'.repeat(31)}/`));
    assert.ok(!holdsHookSecret('http://x/hooks/mine'));
  });
});
