import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { authorizeUrl, exchangeCode, refreshToken, webhookScopes } from '../../src/campaign-monitor/oauth.ts';
import { sandboxOAuthApps } from '../../src/sandbox/campaign-monitor/accounts.ts';
import { call, startHarness, type Harness } from '../sandbox/harness.ts';
import { failsWith } from './fails-with.ts';

const [app] = sandboxOAuthApps as [(typeof sandboxOAuthApps)[number]];
const redirectUri = 'http://127.0.0.1:1/callback';

describe('Campaign Monitor OAuth', () => {
  let harness: Harness;
  let oauthBase: string;
  before(async () => {
    harness = await startHarness();
    oauthBase = harness.sandbox.campaignMonitorOAuth;
  });
  after(() => harness.close());

  /** Grants access as a person would, and reads the code from the redirect. */
  async function codeFor(state: string): Promise<string> {
    const page = await call('GET', authorizeUrl({ oauthBase, clientId: app.clientId, redirectUri, state }));
    const request = /name="request" value="([^"]+)"/.exec(page.text)?.[1];
    assert.ok(request !== undefined, page.text);
    const decided = await call('POST', `${oauthBase}/decision`, `request=${request}&decision=allow`, {
      'content-type': 'application/x-www-form-urlencoded',
    });
    const back = new URL(decided.headers.get('location') ?? '');
    assert.equal(back.searchParams.get('state'), state);
    return back.searchParams.get('code') ?? '';
  }

  const exchange = (code: string, clientSecret = app.clientSecret): ReturnType<typeof exchangeCode> =>
    exchangeCode({ clientId: app.clientId, clientSecret, redirectUri, code }, { oauthBase });

  it('sends a person to the vendor, with comma-separated scopes and no secret', () => {
    const url = new URL(
      authorizeUrl({
        clientId: '7',
        redirectUri: 'vscode://a.b/c?d=1',
        scopes: ['ManageLists', 'ViewReports'],
        state: 's&t',
      }),
    );
    assert.equal(url.origin + url.pathname, 'https://api.createsend.com/oauth');
    assert.deepEqual(Object.fromEntries(url.searchParams), {
      type: 'web_server',
      client_id: '7',
      redirect_uri: 'vscode://a.b/c?d=1',
      scope: 'ManageLists,ViewReports',
      state: 's&t',
    });
    assert.deepEqual(webhookScopes, ['ManageLists']);
  });

  it('turns a code into tokens, and these into new ones', async () => {
    const tokens = await exchange(await codeFor('state with spaces & signs'));
    // Such as the vendor's: what does not encode them fails here.
    assert.match(tokens.refreshToken, /[+/=]/);
    const fresh = await refreshToken(tokens.refreshToken, { oauthBase });
    assert.notEqual(fresh.accessToken, tokens.accessToken);
    assert.notEqual(fresh.refreshToken, tokens.refreshToken);
  });

  it('says what the vendor says, without what was sent', async () => {
    const code = await codeFor('s');
    const wrongSecret = await failsWith(exchange(code, 'planted-secret'), 'not-granted');
    assert.match(wrongSecret.message, /\(invalid_client\)/);
    assert.ok(!`${wrongSecret.message}${wrongSecret.stack ?? ''}`.includes('planted-secret'));
    const said = { at: 'token', status: 400, error: 'invalid_client', message: 'not pl%2fanted%2bsecret' };
    await harness.control('POST', '/failures', said);
    const encoded = await failsWith(exchange(code, 'pl/anted+secret'), 'not-granted');
    assert.match(encoded.message, /not \*{8} /);
    const usedCode = await codeFor('s');
    await exchange(usedCode);
    assert.match((await failsWith(exchange(usedCode), 'not-granted')).message, /\(invalid_grant\)/);
    assert.match((await failsWith(refreshToken('unknown', { oauthBase }), 'not-granted')).message, /\(invalid_grant\)/);
  });

  it('can be canceled, times out, and tells an unreachable host from a strange one', async () => {
    await failsWith(refreshToken('r', { oauthBase, signal: AbortSignal.abort() }), 'canceled');
    let text: string | null = null;
    const server = createServer((_request, response) => {
      if (text !== null) response.end(text);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const strange = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await failsWith(refreshToken('r', { oauthBase: strange, timeoutMs: 50 }), 'timed-out');
    text = '<html></html>';
    await failsWith(refreshToken('r', { oauthBase: strange }), 'unexpected-answer');
    text = '{"access_token":"a"}';
    assert.deepEqual(await refreshToken('r', { oauthBase: strange }), {
      accessToken: 'a',
      refreshToken: 'r',
    });
    const planted = 'planted+refresh/token=';
    text = JSON.stringify({
      error: 'invalid_grant',
      error_description: `${encodeURIComponent(planted)} [x](command:y)`,
    });
    const echo = await failsWith(refreshToken(planted, { oauthBase: strange }), 'not-granted');
    assert.equal(echo.message, 'Campaign Monitor didn’t grant access: ******** [x] (command:y) (invalid_grant)');
    text = '{"access_token":"a"}';
    // Only a refresh has a refresh token to keep.
    await failsWith(
      exchangeCode({ clientId: 'c', clientSecret: 's', redirectUri, code: 'x' }, { oauthBase: strange }),
      'unexpected-answer',
    );
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await failsWith(refreshToken('r', { oauthBase: strange }), 'unreachable');
  });
});
