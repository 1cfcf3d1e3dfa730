import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { Tokens } from '../../src/sandbox/campaign-monitor/tokens.ts';
import { BySecret, RandomSecrets, SeededSecrets } from '../../src/sandbox/secrets.ts';
import { call, startHarness } from './harness.ts';
import { platformOf } from './open-connectors/platform.ts';

describe("the sandbox's secrets", () => {
  it('are the same for the same seed, so that what is documented can be repeated', () => {
    const made = (seed: number): string[] => {
      const secrets = new SeededSecrets(seed);
      return [secrets.hex(), secrets.token(), secrets.hex(), secrets.eventsPlace(50_634)];
    };
    assert.deepEqual(made(1), made(1));
    assert.notDeepEqual(made(1), made(2));
    const random = new RandomSecrets();
    assert.equal(new Set(Array.from({ length: 1000 }, () => random.hex())).size, 1000);
  });

  it('find what is kept by them, at most so much and for so long, the oldest making room', () => {
    let now = 0;
    const kept = new BySecret<number>(2, 1000, () => now);
    kept.set('first', 1);
    now = 500;
    kept.set('second', 2);
    assert.deepEqual([kept.get('first'), kept.get('second'), kept.get('third')], [1, 2, undefined]);
    now = 999;
    assert.equal(kept.get('first'), 1);
    now = 1000;
    assert.deepEqual([kept.get('first'), kept.take('first'), kept.get('second')], [undefined, undefined, 2]);
    kept.set('third', 3);
    kept.set('fourth', 4);
    assert.deepEqual([kept.size, kept.get('second'), kept.get('third'), kept.get('fourth')], [2, undefined, 3, 4]);
    assert.deepEqual([kept.take('third'), kept.take('third')], [3, undefined], 'once');
    for (const name of ['__proto__', 'constructor', '']) assert.equal(kept.get(name), undefined);
  });

  it('open nothing as a code after ten minutes, nor as a refresh token that was used', () => {
    let now = 0;
    const tokens = new Tokens(new RandomSecrets(), () => now);
    const grant = { appId: 'app', scopes: ['ManageLists'] };
    const [first, second] = [
      tokens.issueCode(grant, 'http://localhost/'),
      tokens.issueCode(grant, 'http://localhost/'),
    ];
    now = 10 * 60_000 - 1;
    const answer = tokens.exchangeCode(first, 'app', 'http://localhost/');
    assert.ok(answer);
    now = 10 * 60_000;
    assert.equal(tokens.exchangeCode(second, 'app', 'http://localhost/'), null);
    assert.ok(tokens.refresh(answer.refresh_token));
    assert.equal(tokens.refresh(answer.refresh_token), null);
  });

  it('make room for new tokens, so that nobody fills the sandbox with them', () => {
    const tokens = new Tokens(new RandomSecrets());
    const grant = { appId: 'app', scopes: [] };
    const first = tokens.issue(grant);
    for (let i = 0; i < 10_000; i++) tokens.issue(grant);
    assert.equal(tokens.check(first.access_token), 'invalid');
    assert.equal(tokens.refresh(first.refresh_token), null);
    assert.equal(tokens.expireAll(), 10_000);
  });

  it('tell a stranger from the owner, and are not in the log', async () => {
    const harness = await startHarness({ randomCredentials: true });
    try {
      const platform = platformOf(harness);
      await platform.create();
      const [hook = ''] = await platform.webhooks();
      const { control, port, campaignMonitorApi, campaignMonitorOAuth, openConnectorsApi } = harness.sandbox;
      for (const url of [
        `http://127.0.0.1:${port}/sandbox`,
        `${campaignMonitorApi}/clients.json`,
        `${campaignMonitorOAuth}?client_id=100004`,
        `${openConnectorsApi}/instances`,
        hook,
        `http://127.0.0.1:${port}/`,
      ]) {
        const seen = harness.reports.length;
        await call('GET', url);
        const [report] = harness.reports.slice(seen);
        assert.ok(report?.type === 'request' && report.stranger, url);
      }
      for (const known of [
        () => call('GET', control),
        () => call('POST', hook, '{}'),
        () => harness.api('GET', '/clients.json'),
        () => platform.api('GET', '/instances'),
      ]) {
        const seen = harness.reports.length;
        assert.equal((await known()).status, 200);
        const [report] = harness.reports.slice(seen);
        assert.ok(report?.type === 'request' && !report.stranger, JSON.stringify(report));
      }
      const log = JSON.stringify(harness.reports);
      for (const url of [control, hook]) assert.ok(!log.includes(new URL(url).pathname.split('/').at(-1) ?? '-'), url);
    } finally {
      await harness.close();
    }
  });

  it('are compared in constant time, all of each', async () => {
    const harness = await startHarness({ randomCredentials: true });
    const compared: number[] = [];
    const original = crypto.timingSafeEqual;
    crypto.timingSafeEqual = (a, b) => {
      compared.push(a.byteLength, b.byteLength);
      return original(a, b);
    };
    syncBuiltinESMExports();
    try {
      const { campaignMonitorApi, campaignMonitorOAuth, openConnectorsApi, control, credentials } = harness.sandbox;
      const { oauthClientId, apiKey } = credentials.campaignMonitor;
      const { userSecret, organizationSecret } = credentials.openConnectors;
      const almost = (secret: string): string => secret.slice(0, -1);
      const basic = `Basic ${Buffer.from(`${almost(apiKey)}:x`).toString('base64')}`;
      const exchange = { grant_type: 'authorization_code', client_id: oauthClientId, client_secret: 'x' };
      const form = new URLSearchParams({ ...exchange, redirect_uri: 'x', code: 'x' }).toString();
      for (const [status, method, url, headers, body] of [
        [401, 'GET', `${campaignMonitorApi}/clients.json`, { authorization: basic }],
        [401, 'GET', `${openConnectorsApi}/instances`, { authorization: `User ${almost(userSecret)}, Organization x` }],
        [401, 'GET', `${openConnectorsApi}/instances`, { authorization: `User x, Organization ${organizationSecret}` }],
        [404, 'GET', almost(control), {}],
        [400, 'POST', `${campaignMonitorOAuth}/token`, { 'content-type': 'application/x-www-form-urlencoded' }, form],
      ] as const) {
        compared.length = 0;
        assert.equal((await call(method, url, body, headers)).status, status, url);
        assert.ok(compared.length > 0 && compared.every((length) => length === 32), `${url}: ${compared.join()}`);
      }
    } finally {
      crypto.timingSafeEqual = original;
      syncBuiltinESMExports();
      await harness.close();
    }
  });
});
