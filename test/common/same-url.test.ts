import assert from 'node:assert/strict';
import { isSameUrl } from '../../src/common/same-url.ts';

describe('The same URL', () => {
  it('is one in other spellings, and no other', () => {
    const url = 'http://localhost:80/hook';
    for (const same of [url, 'http://localhost/hook', ' HTTP://LOCALHOST/hook ']) assert.ok(isSameUrl(url, same), same);
    for (const other of ['http://localhost/Hook', 'https://localhost/hook', 'http://localhost:80/hook/', '', null])
      assert.ok(!isSameUrl(url, other), `${other}`);
    assert.ok(isSameUrl('http://localhost:3000', 'http://localhost:3000/'));
  });

  it('is the same text where that is no URL', () => {
    assert.ok(isSameUrl('3000', '3000'));
    assert.ok(!isSameUrl('3000', '3001'));
    assert.ok(!isSameUrl('3000', undefined));
  });
});
