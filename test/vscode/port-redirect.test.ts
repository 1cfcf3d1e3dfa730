import assert from 'node:assert/strict';
import { addressBehind, startPortRedirect } from './port-redirect.ts';

describe('The way from VS Code in a browser to a port of this machine', () => {
  it('names the port by the first part of its path, and keeps the rest as it is', () => {
    assert.equal(addressBehind('/8788/oauth?a=%2F&b=1'), 'http://127.0.0.1:8788/oauth?a=%2F&b=1');
    assert.equal(addressBehind('/65535'), 'http://127.0.0.1:65535/');
    assert.equal(addressBehind('/80?a=1'), 'http://127.0.0.1:80/?a=1');
  });

  it('leads to this machine alone', () => {
    for (const path of ['', '/', '/x', '/0/', '/65536/', '/123456/', '/80@elsewhere.example/', '/80.example/', '//80/'])
      assert.equal(addressBehind(path), undefined, path);
    const address = addressBehind('/80//elsewhere.example/');
    assert.equal(new URL(address ?? '').host, '127.0.0.1');
  });

  it('sends the browser on', async () => {
    const redirect = await startPortRedirect();
    try {
      const asked = redirect.template.replace('{{port}}', '4711') + 'oauth?state=1';
      const answer = await fetch(asked, { redirect: 'manual' });
      assert.equal(answer.status, 307);
      assert.equal(answer.headers.get('location'), 'http://127.0.0.1:4711/oauth?state=1');
      assert.equal((await fetch(new URL('/other', asked), { redirect: 'manual' })).status, 404);
    } finally {
      await redirect.close();
    }
  });
});
