import assert from 'node:assert/strict';
import fc from 'fast-check';
import { maskUrl, readRelayUrl, withBase } from '../../../../src/extension/campaign-monitor/webhooks/hook-url.ts';
import { hookUrlFor, placeOfHook } from '../../../../src/extension/campaign-monitor/webhooks/webhook-place.ts';
import type { Whereabouts } from '../../../../src/extension/campaign-monitor/webhooks/webhook-place.ts';

const secret = '0123456789abcdef0123456789abcdef';
const otherSecret = 'fedcba9876543210fedcba9876543210';

function at(base: string, of = secret): string {
  return `${base}/hooks/${of}/campaign-monitor`;
}

const relayOf = (of: string): string => readRelayUrl(at('https://a.example', of))!.relay;

describe("a webhook's URL", () => {
  it('names the relay without its secret, whatever the base', () => {
    const read = readRelayUrl(at('https://own.example/dev'));
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
      assert.equal(readRelayUrl(url), undefined, url);
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

describe('whose a webhook is', () => {
  const local = 'http://127.0.0.1:8787';
  const relays = [
    { relay: relayOf(secret), dataDir: '/one', base: 'https://now.example', localBase: local },
    { relay: relayOf(otherSecret), dataDir: '/two', base: 'https://two.example', localBase: 'http://127.0.0.1:9999' },
  ];
  const open: Whereabouts = {
    ...{ publicUrl: at('https://now.example'), localUrl: at(local), own: relayOf(secret), relays },
  };
  const closed: Whereabouts = { ...open, publicUrl: null };
  const stopped: Whereabouts = { ...closed, localUrl: null };
  const real = { kind: 'api-key' } as const;
  const sandbox = { kind: 'sandbox' } as const;

  it('is told by the relay that its URL names and where that was public last', () => {
    for (const vendor of [real, sandbox]) {
      assert.equal(placeOfHook(at('https://now.example'), vendor, open), 'current');
      assert.equal(placeOfHook(at('https://before.example'), vendor, open), 'old');
      assert.equal(placeOfHook(at('https://two.example', otherSecret), vendor, open), 'other');
      assert.equal(placeOfHook(at('https://before.example', otherSecret), vendor, open), 'old');
      assert.equal(placeOfHook(at('https://now.example', '0'.repeat(32)), vendor, open), 'foreign');
      assert.equal(placeOfHook('https://neighbour.example/hook', vendor, open), 'foreign');
    }
  });

  it('is not called old where the relay may come back to it', () => {
    assert.equal(placeOfHook(at('https://now.example'), real, closed), 'asleep');
    assert.equal(placeOfHook(at('https://before.example'), real, closed), 'old');
    assert.equal(placeOfHook(at('https://now.example'), real, { ...closed, own: undefined }), 'other');
  });

  it('is this relay’s at its local URL for the sandbox’s account, which reaches it, and for no other', () => {
    for (const each of [open, closed]) {
      assert.equal(placeOfHook(at(local), sandbox, each), 'current');
      assert.equal(placeOfHook(at(local), real, each), 'old');
    }
    assert.equal(placeOfHook(at(local), sandbox, stopped), 'stopped');
    assert.equal(placeOfHook(at(local), real, stopped), 'old');
    assert.equal(placeOfHook(at('http://127.0.0.1:9999', otherSecret), sandbox, open), 'other');
    assert.equal(placeOfHook(at('http://127.0.0.1:1'), sandbox, open), 'old');
    // It listens on another port than before.
    const moved: Whereabouts = { ...closed, localUrl: at('http://127.0.0.1:8788') };
    assert.equal(placeOfHook(at(local), sandbox, moved), 'old');
  });

  it('is registered at the public URL, and for the sandbox’s account at the local one where there is none', () => {
    assert.equal(hookUrlFor(real, open), open.publicUrl);
    assert.equal(hookUrlFor(sandbox, open), open.publicUrl);
    assert.equal(hookUrlFor(real, closed), null);
    assert.equal(hookUrlFor(sandbox, closed), at(local));
    assert.equal(hookUrlFor(sandbox, stopped), null);
  });
});
