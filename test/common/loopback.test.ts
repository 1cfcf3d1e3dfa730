import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import fc from 'fast-check';
import { ipv4Of, isLoopback, loopbackLookup, wholeCallbackUrl } from '../../src/common/loopback.ts';

const hostOf = (host: string): string => new URL(`http://${host}/`).hostname;

describe('loopback', () => {
  it('is localhost and what is below it, 127.0.0.0/8, ::1, and what a system takes for itself', () => {
    for (const host of [
      'localhost',
      'LOCALHOST',
      'localhost.',
      'a.b.localhost',
      'a.localhost.',
      '127.0.0.1',
      '127.0.0.2',
      '127.200.3.4',
      '2130706433',
      '0x7f.1',
      '0.0.0.0',
      '[::1]',
      '[::]',
      '[::ffff:127.0.0.1]',
    ])
      assert.equal(isLoopback(hostOf(host)), true, host);
    for (const address of ['::1', '::', '::ffff:127.0.0.1', '::FFFF:7f00:1'])
      assert.equal(isLoopback(address), true, address);
  });

  it('is nothing else', () => {
    for (const host of [
      'localhost.example',
      'mylocalhost',
      'localhost..example',
      '128.0.0.1',
      '10.127.0.1',
      '0.1.2.3',
      '127.0.0.1.nip.io',
      '[::2]',
      '[2001:db8::127.0.0.1]',
      '[::ffff:10.0.0.1]',
    ])
      assert.equal(isLoopback(hostOf(host)), false, host);
    assert.equal(isLoopback(''), false);
  });

  it('is the same of an IPv4 address however a URL writes it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.ipV4(),
          fc.ipV4Extended(),
          fc.integer({ min: 0, max: 255 }).map((end) => `127.0.0.${end}`),
        ),
        (written) => {
          const address = hostOf(written);
          const expected = address.startsWith('127.') || address === '0.0.0.0';
          assert.equal(isLoopback(address), expected);
          assert.equal(ipv4Of(hostOf(`[::ffff:${address}]`).slice(1, -1)), address);
          assert.equal(isLoopback(hostOf(`[::ffff:${address}]`)), expected);
        },
      ),
    );
  });

  const resolved = (hostname: string, options: object): Promise<string | LookupAddress[]> =>
    new Promise((resolve, reject) =>
      loopbackLookup(hostname, options, (error, address) => (error === null ? resolve(address) : reject(error))),
    );

  it('is where its names lead, whatever the system says', async () => {
    for (const name of ['localhost', 'app.localhost', 'a.b.LOCALHOST.']) {
      assert.equal(await resolved(name, {}), '127.0.0.1', name);
      assert.equal(await resolved(name, { family: 6 }), '::1', name);
      assert.deepEqual(await resolved(name, { all: true }), [
        { address: '127.0.0.1', family: 4 },
        { address: '::1', family: 6 },
      ]);
    }
    assert.equal(await resolved('127.0.0.3', {}), '127.0.0.3', 'others as usual');
  });

  it('is meant by a callback that is a port, or a host of it without a scheme', () => {
    assert.equal(wholeCallbackUrl('3000'), 'http://localhost:3000');
    assert.equal(wholeCallbackUrl(':3000/callback'), 'http://localhost:3000/callback');
    assert.equal(wholeCallbackUrl('localhost:3000/callback'), 'http://localhost:3000/callback');
    assert.equal(wholeCallbackUrl('127.0.0.1:3000'), 'http://127.0.0.1:3000');
    assert.equal(wholeCallbackUrl('https://example.org/a'), 'https://example.org/a');
    for (const text of ['', 'example.org/a', 'ftp://localhost/', 'me:secret@localhost:3000', 'localhost 3000'])
      assert.equal(wholeCallbackUrl(text), undefined, text);
  });
});
