import assert from 'node:assert/strict';
import fc from 'fast-check';
import { maskUrl, readRelayUrl, withBase } from '../../../src/extension/public-url/relay-url.ts';

const secret = '0123456789abcdef0123456789abcdef';
const otherSecret = 'fedcba9876543210fedcba9876543210';

function at(base: string, of = secret): string {
  return `${base}/hooks/${of}/campaign-monitor`;
}

const relayOf = (of: string): string => readRelayUrl(at('https://a.example', of), 'campaign-monitor')!.relay;

describe("a URL of a relay's", () => {
  it('names the relay without its secret, whatever the base', () => {
    const read = readRelayUrl(at('https://own.example/dev'), 'campaign-monitor');
    assert.equal(read?.base, 'https://own.example/dev');
    assert.equal(read.relay, relayOf(secret));
    assert.notEqual(read.relay, relayOf(otherSecret));
    assert.ok(!read.relay.includes(secret.slice(0, 8)));
  });

  it('is no relay’s where the path is another', () => {
    for (const url of [
      'https://a.example/hook',
      'https://a.example/hooks/short/campaign-monitor',
      `https://a.example/hooks/${secret}/open-connectors`,
      `${at('https://a.example')}?x=1`,
      'not a url',
    ])
      assert.equal(readRelayUrl(url, 'campaign-monitor'), undefined, url);
  });

  it('is moved to another base', () => {
    assert.equal(withBase(at('http://127.0.0.1:8787'), 'https://b.example'), at('https://b.example'));
  });

  it('is shown without what may be a secret', () => {
    assert.equal(maskUrl(at('https://a.example')), 'https://a.example/hooks/0123…/campaign-monitor');
    assert.equal(maskUrl('https://u:p@a.example/x/abcdef0123456789?token=1'), 'https://a.example/x/abcd…?…');
    assert.equal(maskUrl('nonsense'), '…');
  });

  it('shows none of a long segment’s end, query or password, whatever they are', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f]{32}$/), fc.stringMatching(/^[A-Z0-9]{14,40}$/), (path, query) => {
        const shown = maskUrl(`https://user:${query}@a.example/hooks/${path}/campaign-monitor?key=${query}`);
        assert.ok(!shown.includes(path) && !shown.includes(query) && !shown.includes(path.slice(4)));
      }),
    );
  });
});
