import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withoutSecrets } from '../../../src/relay/sending/masking.ts';
import type { SendResult } from '../../../src/relay/sending/outbound.ts';
import { startReceiver } from '../receiver.ts';
import { sampleBody, startTestRelay } from '../stage.ts';

const destination = { url: 'http://localhost/', mode: 'normalized' as const, timeoutMs: 1000, credentialsName: 'mine' };
const secrets = { signatureKeys: new Map(), credentials: new Map([['mine', { 'X-Team': 'planted-team' }]]) };

function answer(body: string, headers: [string, string][] = []): SendResult {
  return { kind: 'answer', status: 200, headers, body: Buffer.from(body), truncated: false };
}

describe('An answer as it is recorded', () => {
  it('holds no credential that the callback says back, in its body or a header', () => {
    const sent: [string, string][] = [
      ['Content-Type', 'application/json'],
      ['X-Team', 'planted-team'],
      ['authorization', 'Bearer planted-token'],
    ];
    const masked = withoutSecrets(
      answer('got planted-token of planted-team, ünïcode', [
        ['X-Echo', 'planted-token'],
        ['Set-Cookie', 'a=b'],
      ]),
      sent,
      destination,
      secrets,
    );
    assert.ok(masked.kind === 'answer');
    assert.equal(masked.body.toString(), 'got ******** of ********, ünïcode');
    assert.deepEqual(masked.headers, [
      ['X-Echo', '********'],
      ['Set-Cookie', '********'],
    ]);
  });

  it('holds none of the destination’s URL either, nor any in the name of a header', () => {
    const masked = withoutSecrets(
      answer('no route for /in?code=planted-code&list=7', [['X-planted-token', 'planted-code']]),
      [['authorization', 'Bearer planted-token']],
      { ...destination, url: 'http://localhost/in?code=planted-code&list=7' },
      secrets,
    );
    assert.ok(masked.kind === 'answer');
    assert.equal(masked.body.toString(), 'no route for /in?code=********&list=7');
    assert.deepEqual(masked.headers, [['X-********', '********']]);
  });

  it('holds nothing that the URL it redirects to carries beside host and path, in its body either', () => {
    const masked = withoutSecrets(
      answer(
        "Found. Redirecting to https://me:planted@example.org/in?s=planted-session and /in;jsessionid=planted-id, b'planted/slash",
        [
          ['Location', 'https://me:planted@example.org/in?s=planted-session&access_token=a.b&x=1#planted-fragment'],
          ['Refresh', '0; url=/in;jsessionid=planted-id'],
          ['refresh', '0;url=/in?planted'],
          ['Link', '<//planted@example.org/next?page=2>; rel="next"'],
          ['X-Next', '/in?page=2&code=planted'],
          ['location', `https:\\\\planted@example.org/in?a=b'planted%2Fslash&c="planted"`],
        ],
      ),
      [],
      destination,
      secrets,
    );
    assert.ok(masked.kind === 'answer');
    assert.deepEqual(masked.headers, [
      ['Location', 'https://********@example.org/in?s=********&access_token=********&x=********#********'],
      ['Refresh', '0; url=/in;jsessionid=********'],
      ['refresh', '0;url=/in?********'],
      ['Link', '<//********@example.org/next?page=********>; rel="next"'],
      ['X-Next', '/in?page=2&code=********'],
      ['location', 'https:\\\\********@example.org/in?a=********&c=********'],
    ]);
    assert.equal(
      masked.body.toString(),
      'Found. Redirecting to https://********@example.org/in?s=******** and /in;jsessionid=********, ********',
    );
  });

  it('holds none that comes back encoded, or cut off', () => {
    const secret = 'pl/ant+ed"se&cret';
    const basic = Buffer.from(`me:${secret}`).toString('base64');
    const sent: [string, string][] = [
      ['X-Team', secret],
      ['Authorization', `Basic ${basic}`],
    ];
    const echoes = [
      JSON.stringify({ a: secret }),
      `{"a":"${JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/')}"}`,
      encodeURIComponent(secret),
      encodeURIComponent(secret).replace(/%../g, (escape) => escape.toLowerCase()),
      encodeURIComponent(encodeURIComponent(secret)),
      JSON.stringify(JSON.stringify({ a: secret })),
      'pl\\u002Fant\\u002bed\\u0022se\\u0026cret',
      'pl&#47;ant&#x2b;ed&quot;se&#038;cret',
      'pl%2Fant+ed%22se%26cret',
      'pl%2fant%2Bed%22se&amp;cret',
      new URLSearchParams({ a: secret }).toString(),
      secret.replaceAll('&', '&amp;'),
      Buffer.from(secret).toString('base64'),
      Buffer.from(secret).toString('base64url'),
      basic,
      `me:${secret}`,
    ];
    for (const echo of echoes) {
      const masked = withoutSecrets(answer(`(${echo})`, [['X-Echo', echo]]), sent, destination, secrets);
      assert.ok(masked.kind === 'answer');
      for (const text of [masked.body.toString(), masked.headers[0]?.[1] ?? '']) {
        assert.match(text, /\*{8}/);
        assert.doesNotMatch(text, /pl.*ant|cret/, echo);
        assert.ok(!text.includes(Buffer.from(secret).toString('base64').slice(0, 8)), echo);
      }
    }
    const cut = answer(`(${secret.slice(0, 9)}`);
    assert.ok(cut.kind === 'answer');
    const masked = withoutSecrets({ ...cut, truncated: true }, sent, destination, secrets);
    assert.ok(masked.kind === 'answer');
    assert.equal(masked.body.toString(), '(********');
  });

  it('is otherwise the very bytes', () => {
    const result = answer('application/json');
    const masked = withoutSecrets(result, [['Content-Type', 'application/json']], destination, secrets);
    assert.ok(masked.kind === 'answer' && result.kind === 'answer');
    assert.equal(masked.body, result.body);
  });

  for (const status of [200, 302, 500])
    it(`leaves nothing of them on disk where the callback echoes its headers, with ${status}`, async () => {
      const receiver = await startReceiver({
        answer: (request) => ({
          status,
          headers: { Location: `/in/${request.header('authorization')?.split(' ')[1]}` },
          body: JSON.stringify(request.header('authorization')),
        }),
      });
      const relay = await startTestRelay({
        settings: { destinations: [{ url: receiver.url, credentialsName: 'mine' }], retry: 'none' },
        secrets: { credentials: { mine: { Authorization: 'Bearer planted-on-disk' } } },
      });
      await relay.deliver(sampleBody());
      await receiver.received(1);
      assert.equal(receiver.requests[0]?.header('authorization'), 'Bearer planted-on-disk');
      await relay.drained();
      await relay.stop();
      for (const file of readdirSync(relay.dataDir)) {
        assert.equal(readFileSync(join(relay.dataDir, file)).includes('planted-on-disk'), false, file);
      }
    });
});
