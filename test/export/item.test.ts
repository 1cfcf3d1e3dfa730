import assert from 'node:assert/strict';
import { maskSecrets, requestsOf, textOf } from '../../src/export/item.ts';
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

  it('masks a long text in no time, whatever it is made of', () => {
    for (const piece of ['?', '&', '?a', 'http://a:', '/hooks/', '?a=b?'])
      assert.ok(maskSecrets(piece.repeat(300_000)).length > 0);
  });

  it('leaves headers of the connection out, and keeps credentials masked', () => {
    const [request] = requestsOf(item(), options);
    assert.deepEqual(request?.headers, [
      ['Content-Type', 'application/json'],
      ['Authorization', '********'],
      ['X-Original-Uri', '/hooks/********/campaign-monitor'],
    ]);
  });

  it('prefers the notifications to the delivery', () => {
    assert.deepEqual(
      requestsOf(item({}, 'http://localhost:3000/cb'), options).map(({ url }) => url),
      ['http://localhost:3000/cb'],
    );
    assert.equal(requestsOf(item(), options)[0]?.title, 'd7, received 2026-01-15T09:31:00.000Z');
  });

  it('tells text from other bytes', () => {
    assert.equal(textOf(Buffer.from('\ufeffü')), '\ufeffü');
    assert.equal(textOf(Buffer.from([0xff])), undefined);
  });
});
