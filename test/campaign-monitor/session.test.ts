import assert from 'node:assert/strict';
import { CampaignMonitorApi } from '../../src/campaign-monitor/api.ts';
import type { CampaignMonitorTokens } from '../../src/campaign-monitor/oauth.ts';
import type { CampaignMonitorApiOptions } from '../../src/campaign-monitor/session.ts';
import { sandboxApiKey, sandboxLists } from '../../src/sandbox/campaign-monitor/accounts.ts';
import { startHarness, type Harness } from '../sandbox/harness.ts';
import { failsWith } from './fails-with.ts';

const [list, otherList] = sandboxLists as [(typeof sandboxLists)[number], (typeof sandboxLists)[number]];
const key = { kind: 'api-key', apiKey: sandboxApiKey } as const;

describe('a session at Campaign Monitor', () => {
  let harness: Harness;
  let api: CampaignMonitorApi;

  before(async () => {
    harness = await startHarness();
  });
  after(() => harness.close());

  const open = (options: Partial<CampaignMonitorApiOptions> = {}): CampaignMonitorApi =>
    new CampaignMonitorApi({ baseUrl: harness.sandbox.campaignMonitorApi, credential: key, ...options });
  beforeEach(() => {
    api = open();
  });

  /** An API with tokens of the sandbox, and the new tokens that it was told to keep. */
  async function withTokens(): Promise<{
    api: CampaignMonitorApi;
    kept: CampaignMonitorTokens[];
    accessToken: string;
  }> {
    const tokens = (await harness.control('POST', '/tokens')).body as Record<string, string>;
    const kept: CampaignMonitorTokens[] = [];
    const accessToken = tokens['access_token']!;
    return {
      kept,
      accessToken,
      api: open({
        credential: { kind: 'oauth', accessToken, refreshToken: tokens['refresh_token']! },
        oauthBase: harness.sandbox.campaignMonitorOAuth,
        onRefreshed: (fresh) => void kept.push(fresh),
      }),
    };
  }

  it('refreshes expired tokens once for calls at the same time, and keeps the new ones', async () => {
    const { api: expiring, kept, accessToken } = await withTokens();
    await expiring.clients();
    await harness.control('POST', '/tokens/expire');
    await Promise.all([
      expiring.clients(),
      expiring.systemDate(),
      expiring.webhooks(list.listId),
      expiring.webhooks(otherList.listId),
    ]);
    assert.equal(kept.length, 1);
    assert.notEqual(kept[0]?.accessToken, accessToken);
    // The new refresh token is the one that the next refresh uses.
    await harness.control('POST', '/tokens/expire');
    await expiring.clients();
    assert.equal(kept.length, 2);
  });

  it('asks for a new sign-in where the refresh is refused, and for none where the network failed', async () => {
    const { api: expiring, kept } = await withTokens();
    await harness.control('POST', '/tokens/expire');
    await harness.control('POST', '/failures', { at: 'token', status: 200, error: 'invalid_grant', message: 'ended' });
    const error = await failsWith(expiring.clients(), 'expired-token');
    assert.ok(error.needsSignIn);
    assert.match(error.message, /ended \(invalid_grant\)/);
    assert.equal(kept.length, 0);
    // A later call tries again, with the same refresh token.
    await expiring.clients();
    assert.equal(kept.length, 1);
  });

  it('does not lose the new tokens of a call that was given up', async () => {
    const { api: expiring, kept } = await withTokens();
    await harness.control('POST', '/tokens/expire');
    const cancel = new AbortController();
    const tokenAsked = harness.report((report) => report.type === 'request' && report.path === '/oauth/token');
    const call = expiring.clients(cancel.signal).catch(() => undefined);
    void tokenAsked.then(() => cancel.abort());
    // Whether it was given up before, during or after the refresh: the next call must work.
    await call;
    await expiring.systemDate();
    assert.ok(kept.length <= 1);
  });

  it('waits after a 429 as it says, or by itself, and not for ever', async () => {
    await harness.control('POST', '/rate-limit', { times: 2, resetSeconds: 0 });
    assert.equal((await api.clients()).length, 2);
    const tolerant = open({ backoffMs: [0, 0] });
    await harness.control('POST', '/rate-limit', { times: 2, resetSeconds: null });
    assert.equal((await tolerant.clients()).length, 2);
    await harness.control('POST', '/rate-limit', { times: 3, resetSeconds: null });
    await failsWith(tolerant.clients(), 'rate-limited');
    await harness.control('POST', '/rate-limit', { times: 1, resetSeconds: 3600 });
    assert.match((await failsWith(tolerant.clients(), 'rate-limited')).message, /3600 s/);
  });
});
