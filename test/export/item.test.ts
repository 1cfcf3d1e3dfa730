import assert from 'node:assert/strict';
import { maskSecrets, requestsOf } from '../../src/export/item.ts';
import { item, options, secret } from './sample.ts';

describe('what is exported', () => {
  it('masks secrets in URLs and in texts that hold them', () => {
    assert.equal(
      maskSecrets(`http://h/hooks/${secret}/campaign-monitor?x=1`),
      'http://h/hooks/********/campaign-monitor?x=1',
    );
    assert.equal(
      maskSecrets('https://h/cb?access_token=abc&list=1&apiKey=k&sig=s&page=2'),
      'https://h/cb?access_token=********&list=1&apiKey=********&sig=********&page=2',
    );
    assert.equal(maskSecrets('cannot reach https://u:pw@h/x'), 'cannot reach https://u:********@h/x');
    assert.equal(maskSecrets('https://h/cb?a=b#c'), 'https://h/cb?a=b#c');
  });

  it('masks them where the URL is escaped in another', () => {
    const inner = `https://u:pw@h/hooks/${secret}/campaign-monitor?a=b&access_token=abc`;
    const shown = 'https://u:********@h/hooks/********/campaign-monitor?a=b&access_token=********';
    const encoded = encodeURIComponent(inner);
    for (const text of [
      encoded,
      encoded.replace(/%../g, (escape) => escape.toLowerCase()),
      encodeURIComponent(encoded),
    ]) {
      const masked = maskSecrets(`https://x/?next=${text}&page=2`);
      assert.doesNotMatch(masked, new RegExp(`pw|abc|${secret}`), text);
      assert.ok(masked.endsWith('&page=2'));
      assert.equal(decodeURIComponent(decodeURIComponent(masked)), `https://x/?next=${shown}&page=2`);
    }
    assert.equal(
      maskSecrets(JSON.stringify({ url: inner }).replaceAll('/', '\\/')),
      JSON.stringify({ url: shown }).replaceAll('/', '\\/'),
    );
    assert.doesNotMatch(maskSecrets(inner.replaceAll('&', '\\u0026').replaceAll('=', '\\u003d')), /pw|abc/);
    assert.equal(maskSecrets(inner.replaceAll('&', '&amp;')), shown.replaceAll('&', '&amp;'));
    for (const text of ['https://x/?next=https%3A%2F%2Fh%2Fcb%3Fa%3Db%26page%3D2', '100%25 {"a":"\\u0041\\/"} &amp; +'])
      assert.equal(maskSecrets(text), text);
  });

  it('leaves headers of the connection out, and keeps credentials masked', () => {
    const [request] = requestsOf(item(), options);
    assert.deepEqual(request?.headers, [
      ['Content-Type', 'application/json'],
      ['Authorization', '********'],
      ['X-Original-Uri', '/hooks/********/campaign-monitor'],
    ]);
  });
});
