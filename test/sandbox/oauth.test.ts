import assert from 'node:assert/strict';
import { call, startHarness, type Answer, type Harness } from './harness.ts';

const redirectUri = 'http://127.0.0.1:4711/callback';
const app = { client_id: '100001', client_secret: 'sandbox-client-secret', redirect_uri: redirectUri };
const asked = {
  type: 'web_server',
  client_id: app.client_id,
  redirect_uri: redirectUri,
  scope: 'ManageLists,ImportSubscribers',
  state: 'a&b=c d',
};

describe("the sandbox's OAuth", () => {
  let harness: Harness;
  before(async () => (harness = await startHarness()));
  after(() => harness.close());

  /** Asks for access with these fields in place of the right ones; null leaves one out. */
  function authorize(fields: Partial<Record<keyof typeof asked, string | null>> = {}): Promise<Answer> {
    const query = new URLSearchParams(asked);
    for (const [name, value] of Object.entries(fields)) {
      if (value === null) query.delete(name);
      else query.set(name, value);
    }
    return call('GET', `${harness.sandbox.campaignMonitorOAuth}?${query.toString()}`);
  }

  /** Presses a button of the consent page, as a browser without scripts does. @returns where it leads */
  async function decide(page: Answer, decision: string): Promise<Answer> {
    const request = /name="request" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const action = /<form method="post" action="([^"]+)"/.exec(page.text)?.[1] ?? '';
    return call(
      'POST',
      new URL(action, harness.sandbox.campaignMonitorOAuth).href,
      new URLSearchParams({ request, decision }).toString(),
      {
        'content-type': 'application/x-www-form-urlencoded',
        origin: `http://127.0.0.1:${harness.sandbox.port}`,
      },
    );
  }

  async function newCode(fields: Record<string, string> = {}): Promise<string> {
    const back = await decide(await authorize(fields), 'allow');
    return new URL(back.headers.get('location')!).searchParams.get('code')!;
  }

  function token(fields: Record<string, string>): Promise<Answer> {
    return call('POST', `${harness.sandbox.campaignMonitorOAuth}/token`, new URLSearchParams(fields).toString(), {
      'content-type': 'application/x-www-form-urlencoded',
    });
  }

  function redirectParameters(answer: Answer): Record<string, string> {
    assert.equal(answer.status, 302);
    const location = new URL(answer.headers.get('location')!);
    assert.equal(location.origin + location.pathname, redirectUri);
    return Object.fromEntries(location.searchParams);
  }

  it('asks a person on a page that works without scripts', async () => {
    const page = await authorize();
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-type')!, /^text\/html/);
    assert.match(page.text, /<html lang="en">/);
    assert.match(page.text, /<code>ManageLists<\/code>/);
    assert.match(page.text, /value="allow"/);
    assert.match(page.text, /value="deny"/);
    assert.doesNotMatch(page.text, /<script/);
  });

  it('escapes what the page shows', async () => {
    const { body } = await harness.control('POST', '/oauth-apps', {
      name: '<img src=x onerror="alert(1)">',
      redirectUri: 'https://example.org/cb',
    });
    const page = await authorize({
      client_id: (body as { clientId: string }).clientId,
      redirect_uri: `https://example.org/cb?x='"><script>1</script>`,
    });
    assert.equal(page.status, 200);
    assert.doesNotMatch(page.text, /<img|<script/);
  });

  it('gives a code, for it tokens, and with them access', async () => {
    const back = redirectParameters(await decide(await authorize(), 'allow'));
    assert.deepEqual(Object.keys(back).sort(), ['code', 'state']);
    assert.equal(back['state'], asked.state);
    const answer = await token({ grant_type: 'authorization_code', ...app, code: back['code']! });
    assert.equal(answer.status, 200);
    const tokens = answer.body as { access_token: string; expires_in: number; refresh_token: string };
    assert.deepEqual(Object.keys(tokens).sort(), ['access_token', 'expires_in', 'refresh_token']);
    assert.equal(tokens.expires_in, 1_209_600);
    for (const text of [tokens.access_token, tokens.refresh_token]) assert.match(text, /\+.*\/.*=/);
    const headers = { authorization: `Bearer ${tokens.access_token}` };
    assert.equal((await harness.api('GET', '/clients.json', undefined, headers)).status, 200);
  });

  it('gives only what was asked for', async () => {
    const code = await newCode({ scope: 'ViewReports' });
    const { body } = await token({ grant_type: 'authorization_code', ...app, code });
    const headers = { authorization: `Bearer ${(body as { access_token: string }).access_token}` };
    const refused = await harness.api(
      'GET',
      '/lists/96c0bbdaa54760c8d9e62a2b7ffa2e13/webhooks.json',
      undefined,
      headers,
    );
    assert.equal((refused.body as { Code: number }).Code, 60);
  });

  it('renews tokens, each refresh token once', async () => {
    const first = (await token({ grant_type: 'authorization_code', ...app, code: await newCode() })).body as {
      access_token: string;
      refresh_token: string;
    };
    await harness.control('POST', '/tokens/expire');
    const refresh = { grant_type: 'refresh_token', refresh_token: first.refresh_token };
    const renewed = await token(refresh);
    assert.equal(renewed.status, 200);
    const { access_token: accessToken } = renewed.body as { access_token: string };
    assert.notEqual(accessToken, first.access_token);
    const headers = { authorization: `Bearer ${accessToken}` };
    assert.equal((await harness.api('GET', '/clients.json', undefined, headers)).status, 200);
    assert.equal(((await token(refresh)).body as { error: string }).error, 'invalid_grant');
  });

  it('says access_denied where the person denies', async () => {
    const back = redirectParameters(await decide(await authorize(), 'deny'));
    assert.equal(back['error'], 'access_denied');
    assert.equal(back['state'], asked.state);
    assert.ok(!('code' in back));
  });

  for (const [error, fields] of [
    ['invalid_request', { type: 'code' }],
    ['invalid_request', { type: null }],
    ['invalid_request', { scope: null }],
    ['invalid_request', { client_id: null }],
    ['unknown_client', { client_id: '42' }],
    ['unknown_scope', { scope: 'ManageLists ImportSubscribers' }],
    ['unknown_scope', { scope: 'ManageLists, ImportSubscribers' }],
    ['unknown_scope', { scope: 'managelists' }],
  ] as const) {
    it(`redirects with ${error} for ${JSON.stringify(fields)}`, async () => {
      const back = redirectParameters(await authorize(fields));
      assert.equal(back['error'], error);
      assert.ok(back['error_description']);
      assert.equal(back['state'], asked.state);
    });
  }

  it('takes an address that begins with the registered one', async () => {
    const allowed = async (clientId: string, uri: string): Promise<boolean> =>
      (await authorize({ client_id: clientId, redirect_uri: uri })).status === 200;
    assert.ok(await allowed('100001', 'http://127.0.0.1:65000/any/path?x=1'));
    assert.ok(await allowed('100002', 'vscode://cm-relay.campaign-monitor-relay/oauth'));
    assert.ok(await allowed('100003', 'https://example.org/oauth/done'));
    assert.ok(!(await allowed('100001', 'https://127.0.0.1:65000/')));
    assert.ok(!(await allowed('100001', 'http://127.0.0.1.evil.example/')));
    assert.ok(!(await allowed('100002', 'vscode://somebody.else/oauth')));
    assert.ok(!(await allowed('100003', 'https://example.org/elsewhere')));
    assert.ok(!(await allowed('100003', 'https://example.org:444/oauth/')));
    assert.ok(!(await allowed('100003', 'https://me@example.org/oauth/')));
  });

  it('says invalid_redirect_uri: to a known place by redirect, never by sending a browser to a stranger', async () => {
    const back = await authorize({ client_id: '100003' });
    assert.equal(redirectParameters(back)['error'], 'invalid_redirect_uri');
    const foreign = await authorize({ redirect_uri: 'https://evil.example/take' });
    assert.deepEqual([foreign.status, foreign.headers.get('location')], [400, null]);
    assert.match(foreign.text, /invalid_redirect_uri/);
    const missing = await authorize({ redirect_uri: null });
    assert.equal(missing.status, 400);
    assert.match(missing.text, /invalid_request/);
  });

  it('takes a code once', async () => {
    const exchange = { grant_type: 'authorization_code', ...app, code: await newCode() };
    assert.equal((await token(exchange)).status, 200);
    const again = await token(exchange);
    assert.deepEqual(
      [again.status, again.body],
      [400, { error: 'invalid_grant', error_description: 'Specified code was invalid or expired' }],
    );
  });

  it('names what is wrong with a token request', async () => {
    const errorFor = async (fields: Record<string, string>): Promise<string> =>
      ((await token(fields)).body as { error: string }).error;
    const exchange = { grant_type: 'authorization_code', ...app };
    assert.equal(await errorFor({}), 'invalid_request');
    assert.equal(await errorFor({ grant_type: 'password' }), 'unsupported_grant_type');
    assert.equal(await errorFor({ ...exchange }), 'invalid_request');
    assert.equal(await errorFor({ ...exchange, code: 'x', client_secret: 'wrong' }), 'invalid_client');
    assert.equal(await errorFor({ ...exchange, code: 'x' }), 'invalid_grant');
    assert.equal(
      await errorFor({ ...exchange, code: await newCode(), redirect_uri: `${redirectUri}/2` }),
      'invalid_grant',
    );
    assert.equal(await errorFor({ grant_type: 'refresh_token', refresh_token: 'x' }), 'invalid_grant');
    assert.equal(await errorFor({ ...exchange, code: 'x'.repeat(70_000) }), 'invalid_request');
  });
});
