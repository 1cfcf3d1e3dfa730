import assert from 'node:assert/strict';
import fc from 'fast-check';
import { matchWebhook, pathSecret } from '../../src/campaign-monitor/webhook-match.ts';

const secret = '0123456789abcdef0123456789abcdef';
const others = 'fedcba9876543210fedcba9876543210';
const path = `/hooks/${secret}/campaign-monitor`;
const current = `https://now.example.org${path}`;

const segment = fc.oneof(
  fc.constantFrom('hooks', 'campaign-monitor', others),
  fc.string({ unit: fc.constantFrom('0', '1', '7', 'a', 'f'), maxLength: 33 }),
);

describe('matchWebhook', () => {
  it('knows the running relay, however its address is written', () => {
    for (const url of [current, `${current}/`, `HTTPS://NOW.example.org:443${path}`]) {
      assert.equal(matchWebhook(url, { current, ours: [] }), 'current', url);
    }
    assert.equal(matchWebhook('http://127.0.0.1:1/x', { current: 'http://127.0.0.1:1/x', ours: [] }), 'current');
    assert.equal(matchWebhook(current, { current: ['http://127.0.0.1:1/', current], ours: [] }), 'current');
  });

  it("knows this machine's dead addresses by the secret", () => {
    const dead = `https://before.example.org/base${path}`;
    assert.equal(matchWebhook(dead, { current, ours: [] }), 'old');
    assert.equal(matchWebhook(dead.toUpperCase(), { current: null, ours: [secret] }), 'old');
    assert.equal(matchWebhook(dead, { current: null, ours: [path] }), 'old');
    assert.equal(matchWebhook(dead, { current: null, ours: [`http://127.0.0.1:8787${path}`] }), 'old');
  });

  it("leaves everybody else's alone", () => {
    for (const url of [
      `https://now.example.org/hooks/${others}/campaign-monitor`,
      'https://now.example.org/',
      `https://now.example.org/?next=${path}`,
      `https://now.example.org/#${path}`,
      `https://now.example.org/hooks/${secret}/open-connectors`,
      `https://now.example.org/hooks/${secret}0/campaign-monitor`,
      `https://now.example.org/webhooks/${secret}`,
      'not a URL',
      '',
    ]) {
      assert.equal(matchWebhook(url, { current, ours: [secret, '', 'hooks', '/'] }), 'foreign', url);
    }
  });

  it('never takes a URL for ours without one of our secrets in it', () => {
    fc.assert(
      fc.property(fc.array(segment), fc.string(), (segments, own) => {
        const url = `https://now.example.org/${segments.join('/')}`;
        assert.equal(matchWebhook(url, { current, ours: [secret, own] }), 'foreign');
      }),
    );
  });

  it('reads the secret of a URL or of a path', () => {
    assert.equal(pathSecret(current), secret);
    assert.equal(pathSecret(path), secret);
    assert.equal(pathSecret('/hooks/short/campaign-monitor'), null);
  });
});
