import assert from 'node:assert/strict';
import fc from 'fast-check';
import { maskUrl, placeOfUrl, readRelayUrl, urlFor } from '../../../src/extension/public-url/url-place.ts';
import type { UrlContext } from '../../../src/extension/public-url/url-place.ts';

const secret = '0123456789abcdef0123456789abcdef';
const otherSecret = 'fedcba9876543210fedcba9876543210';

function at(base: string, of = secret): string {
  return `${base}/hooks/${of}/campaign-monitor`;
}

const relayOf = (of: string): string => readRelayUrl(at('https://a.example', of), 'campaign-monitor')!.relay;

describe('where a URL leads to', () => {
  const local = 'http://127.0.0.1:8787';
  const relays = [
    { relay: relayOf(secret), dataDir: '/one', base: 'https://now.example', localBase: local },
    { relay: relayOf(otherSecret), dataDir: '/two', base: 'https://two.example', localBase: 'http://127.0.0.1:9999' },
  ];
  const open: UrlContext = {
    ...{
      path: 'campaign-monitor',
      publicUrl: at('https://now.example'),
      localUrl: at(local),
      own: relayOf(secret),
      relays,
    },
  };
  const closed: UrlContext = { ...open, publicUrl: null };
  const stopped: UrlContext = { ...closed, localUrl: null };
  const real = { reachesLocal: false };
  const sandbox = { reachesLocal: true };

  it('is told by the relay that its URL names and where that was public last', () => {
    for (const vendor of [real, sandbox]) {
      assert.equal(placeOfUrl(at('https://now.example'), vendor, open), 'current');
      assert.equal(placeOfUrl(at('https://before.example'), vendor, open), 'old');
      assert.equal(placeOfUrl(at('https://two.example', otherSecret), vendor, open), 'other');
      assert.equal(placeOfUrl(at('https://before.example', otherSecret), vendor, open), 'old');
      assert.equal(placeOfUrl(at('https://now.example', '0'.repeat(32)), vendor, open), 'foreign');
      assert.equal(placeOfUrl('https://neighbor.example/hook', vendor, open), 'foreign');
    }
  });

  it('is old where it holds a secret that the relay had before, wherever that is', () => {
    const former = '00112233445566778899aabbccddeeff';
    const [own, other] = relays;
    const renewed: UrlContext = {
      ...open,
      relays: [
        { ...own!, former: [relayOf(former)] },
        { ...other!, former: [relayOf('f'.repeat(32))] },
      ],
    };
    for (const around of [renewed, { ...renewed, publicUrl: null }, { ...renewed, publicUrl: null, localUrl: null }]) {
      for (const vendor of [real, sandbox]) {
        assert.equal(placeOfUrl(at('https://now.example', former), vendor, around), 'old');
        assert.equal(placeOfUrl(at(local, former), vendor, around), 'old');
        assert.equal(placeOfUrl(at('https://two.example', 'f'.repeat(32)), vendor, around), 'old');
      }
    }
  });

  it('is this relay’s at its local URL for the sandbox’s account, which reaches it, and for no other', () => {
    for (const each of [open, closed]) {
      assert.equal(placeOfUrl(at(local), sandbox, each), 'current');
      assert.equal(placeOfUrl(at(local), real, each), 'old');
    }
    assert.equal(placeOfUrl(at(local), sandbox, stopped), 'stopped');
    assert.equal(placeOfUrl(at(local), real, stopped), 'old');
    assert.equal(placeOfUrl(at('http://127.0.0.1:9999', otherSecret), sandbox, open), 'other');
    assert.equal(placeOfUrl(at('http://127.0.0.1:1'), sandbox, open), 'old');
    // It listens on another port than before.
    const moved: UrlContext = { ...closed, localUrl: at('http://127.0.0.1:8788') };
    assert.equal(placeOfUrl(at(local), sandbox, moved), 'old');
  });

  it('is this relay’s at its last URLs while that does not run', () => {
    assert.equal(placeOfUrl(at('https://now.example'), real, stopped), 'stopped');
    assert.equal(placeOfUrl(at('https://now.example'), sandbox, stopped), 'stopped');
    assert.equal(placeOfUrl(at('https://before.example'), real, stopped), 'old');
    assert.equal(placeOfUrl(at('https://two.example', otherSecret), real, stopped), 'other');
  });

  it('is registered at the public URL, and for the sandbox’s account at the local one where there is none', () => {
    assert.equal(urlFor(real, open), open.publicUrl);
    assert.equal(urlFor(sandbox, open), open.publicUrl);
    assert.equal(urlFor(real, closed), null);
    assert.equal(urlFor(sandbox, closed), at(local));
    assert.equal(urlFor(sandbox, stopped), null);
  });
});

describe("a URL of a relay's", () => {
  it('names the relay without its secret, whatever the base', () => {
    const read = readRelayUrl(at('https://own.example/dev'), 'campaign-monitor');
    assert.equal(read?.base, 'https://own.example/dev');
    assert.equal(read.relay, relayOf(secret));
    assert.notEqual(read.relay, relayOf(otherSecret));
    assert.ok(!read.relay.includes(secret.slice(0, 8)));
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
