import assert from 'node:assert/strict';
import fc from 'fast-check';
import { matchUrl, ownAddresses, type OwnAddresses } from '../../src/cli/own-addresses.ts';
import { nameOfSecret } from '../../src/common/secret-name.ts';
import { remember, stageRemembered, withNewSecret, withPublicUrl } from '../../src/relay/remembered.ts';
import { ownDirectory } from '../relay/afterward.ts';

const secret = '0123456789abcdef0123456789abcdef';
const others = 'fedcba9876543210fedcba9876543210';
const path = `/hooks/${secret}/campaign-monitor`;
const running = `https://now.example.org${path}`;

function own(rest: Partial<OwnAddresses>): OwnAddresses {
  return { vendor: 'campaign-monitor', current: [], secret: undefined, former: [], ...rest };
}

const segment = fc.oneof(
  fc.constantFrom('hooks', 'campaign-monitor', others),
  fc.string({ unit: fc.constantFrom('0', '1', '7', 'a', 'f'), maxLength: 33 }),
);

describe('Addresses of a relay that does not run', () => {
  it('are those that it had, with its secret of now: the one before is kept nowhere', async () => {
    const dataDir = ownDirectory();
    const { remembered } = remember(dataDir);
    const renewed = withNewSecret(withPublicUrl(remembered, 'https://one.example.org'));
    stageRemembered(dataDir, renewed).put();
    const { earlierUrls } = await ownAddresses({ dataDir }, 'open-connectors');
    assert.deepEqual(earlierUrls, [`https://one.example.org/hooks/${renewed.secret}/open-connectors`]);
  });
});

describe('A URL that a vendor keeps', () => {
  it('is the running relay’s, however its address is written', () => {
    for (const url of [running, `${running}/`, `HTTPS://NOW.example.org:443${path}`]) {
      assert.equal(matchUrl(url, own({ current: [running] })), 'current', url);
    }
    assert.equal(matchUrl('http://127.0.0.1:1/x', own({ current: ['http://127.0.0.1:1/x'] })), 'current');
    assert.equal(matchUrl(running, own({ current: ['http://127.0.0.1:1/', running] })), 'current');
  });

  it("is an old one of this machine's by its secret, or by one before", () => {
    const dead = `https://before.example.org/base${path}`;
    assert.equal(matchUrl(dead, own({ current: [running], secret })), 'old');
    assert.equal(matchUrl(dead.toUpperCase(), own({ secret })), 'old');
    assert.equal(matchUrl(dead, own({ secret: others, former: [nameOfSecret(secret)] })), 'old');
  });

  it("is else somebody else's", () => {
    for (const url of [
      `https://now.example.org/hooks/${others}/campaign-monitor`,
      'https://now.example.org/',
      `https://now.example.org/?next=${path}`,
      `https://now.example.org/#${path}`,
      `https://now.example.org/hooks/${secret}0/campaign-monitor`,
      `https://now.example.org/webhooks/${secret}`,
      'not a URL',
      '',
    ]) {
      assert.equal(matchUrl(url, own({ current: [running], secret })), 'foreign', url);
    }
  });

  it('is never ours without our secret in it', () => {
    fc.assert(
      fc.property(fc.array(segment), (segments) => {
        const url = `https://now.example.org/${segments.join('/')}`;
        assert.equal(matchUrl(url, own({ current: [running], secret })), 'foreign');
      }),
    );
  });
});
