import assert from 'node:assert/strict';
import { baseUrlOf, OpenConnectorsHostError, regions } from '../../src/open-connectors/host.ts';

describe('the host of Open Connectors', () => {
  it('may be a name or a URL, with or without the path', () => {
    const base = 'https://api.example.org/elements/api-v2';
    for (const text of ['api.example.org', ' https://api.example.org/ ', base, `${base}/`, 'API.example.org']) {
      assert.equal(baseUrlOf(text), base, text);
    }
    assert.equal(baseUrlOf('http://127.0.0.1:4000/elements/api-v2'), 'http://127.0.0.1:4000/elements/api-v2');
    assert.equal(baseUrlOf('localhost:4000'), 'https://localhost:4000/elements/api-v2');
    assert.equal(baseUrlOf('http://localhost.:4000'), 'http://localhost.:4000/elements/api-v2');
    for (const { host } of regions) assert.equal(baseUrlOf(host), `https://${host}/elements/api-v2`);
  });

  it('is refused where secrets would go in clear, or it is none', () => {
    for (const text of [
      '',
      ' ',
      'http://api.example.org',
      'http://10.0.0.1',
      // No loopback: a system may route it.
      'http://0.1.2.3',
      'ftp://a.example.org',
      'https://u:p@a.example.org',
      'a b',
      'https://',
    ]) {
      assert.throws(() => baseUrlOf(text), OpenConnectorsHostError, text);
    }
  });
});
