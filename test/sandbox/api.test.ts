import assert from 'node:assert/strict';
import { request } from 'undici';
import { documentedListId } from '../../src/campaign-monitor/samples.ts';
import { sandboxClients, sandboxLists } from '../../src/sandbox/campaign-monitor/accounts.ts';
import { call, keyHeader, startHarness, type Harness } from './harness.ts';
import { startReceiver, type Receiver } from './receiver.ts';

const [client] = sandboxClients;
const hooks = `/lists/${documentedListId}/webhooks`;
const valid = { Events: ['Subscribe', 'Update', 'Deactivate'], Url: 'https://example.org/hook', PayloadFormat: 'json' };

describe("the sandbox's API of clients and lists", () => {
  let harness: Harness;
  before(async () => (harness = await startHarness()));
  after(() => harness.close());

  it('lists clients', async () => {
    const answer = await harness.api('GET', '/clients.json');
    assert.equal(answer.status, 200);
    assert.deepEqual(
      answer.body,
      sandboxClients.map(({ clientId, name }) => ({ ClientID: clientId, Name: name })),
    );
  });

  it("lists a client's lists by Name, and says Title of a single one", async () => {
    const lists = await harness.api('GET', `/clients/${client!.clientId}/lists.json`);
    assert.deepEqual(
      lists.body,
      sandboxLists.filter((l) => l.clientId === client!.clientId).map((l) => ({ ListID: l.listId, Name: l.title })),
    );
    const { body } = await harness.api('GET', `/lists/${documentedListId}.json`);
    assert.equal((body as { Title: string }).Title, 'Newsletter');
    assert.ok(!('Name' in (body as object)));
  });

  it('answers a wrong client with 401 and 102, a wrong list with an error of its own', async () => {
    const wrongClient = await harness.api('GET', '/clients/nobody/lists.json');
    assert.deepEqual([wrongClient.status, wrongClient.body], [401, { Code: 102, Message: 'Invalid ClientID' }]);
    const wrongList = await harness.api('GET', '/lists/none/webhooks.json');
    assert.deepEqual([wrongList.status, wrongList.body], [400, { Code: 101, Message: 'Invalid ListID' }]);
  });
});

describe("the sandbox's authentication", () => {
  let harness: Harness;
  before(async () => (harness = await startHarness()));
  after(() => harness.close());

  async function token(scopes?: string[]): Promise<{ authorization: string }> {
    const { body } = await harness.control('POST', '/tokens', scopes === undefined ? {} : { scopes });
    return { authorization: `Bearer ${(body as { access_token: string }).access_token}` };
  }

  it('takes the API key with any password, and a bearer token', async () => {
    const otherPassword = `Basic ${Buffer.from('sandbox-api-key:whatever:else').toString('base64')}`;
    assert.equal((await harness.api('GET', '/clients.json')).status, 200);
    assert.equal((await harness.api('GET', '/clients.json', undefined, { authorization: otherPassword })).status, 200);
    assert.equal((await harness.api('GET', '/clients.json', undefined, await token())).status, 200);
  });

  it('answers a wrong or missing key with 401 and 100', async () => {
    const wrong = `Basic ${Buffer.from('another-key:x').toString('base64')}`;
    for (const headers of [{ authorization: wrong }, {}, { authorization: 'Digest x' }] as Record<string, string>[]) {
      const { status, body } = await harness.api('GET', '/clients.json', undefined, headers);
      assert.deepEqual([status, body], [401, { Code: 100, Message: 'Invalid API Key' }]);
    }
  });

  it('looks at the credential before the path and before the body', async () => {
    const unknown = await harness.api('GET', '/no/such/path.json', undefined, {});
    assert.deepEqual([unknown.status, (unknown.body as { Code: number }).Code], [401, 100]);
    const unreadable = await harness.api('POST', `${hooks}.json`, '{', {});
    assert.deepEqual([unreadable.status, (unreadable.body as { Code: number }).Code], [401, 100]);
    const known = await harness.api('GET', '/no/such/path.json');
    assert.deepEqual([known.status, (known.body as { Code: number }).Code], [404, 404]);
  });

  it('tells an invalid, an expired and a revoked token apart', async () => {
    const codeFor = async (headers: Record<string, string>): Promise<unknown[]> => {
      const { status, body } = await harness.api('GET', '/systemdate.json', undefined, headers);
      return [status, (body as { Code: number }).Code];
    };
    assert.deepEqual(await codeFor({ authorization: 'Bearer nonsense' }), [401, 120]);
    const given = await token();
    await harness.control('POST', '/tokens/expire');
    assert.deepEqual(await codeFor(given), [401, 121]);
    await harness.control('POST', '/tokens/revoke');
    assert.deepEqual(await codeFor(given), [401, 122]);
  });

  it('answers a call whose scope was not granted with 401 and 60', async () => {
    const headers = await token(['ViewReports']);
    const refused = await harness.api('GET', `${hooks}.json`, undefined, headers);
    assert.deepEqual([refused.status, (refused.body as { Code: number }).Code], [401, 60]);
    assert.equal((await harness.api('GET', '/clients.json', undefined, headers)).status, 200);
    assert.equal((await harness.api('GET', `${hooks}.json`, undefined, await token(['ManageLists']))).status, 200);
  });

  it('answers 429 on demand, with and without the header', async () => {
    await harness.control('POST', '/rate-limit', { times: 1, resetSeconds: 7 });
    const withHeader = await harness.api('GET', '/clients.json');
    assert.deepEqual([withHeader.status, withHeader.headers.get('x-ratelimit-reset')], [429, '7']);
    await harness.control('POST', '/rate-limit', { times: 2, resetSeconds: null });
    for (let i = 0; i < 2; i++) {
      const without = await harness.api('GET', '/clients.json');
      assert.deepEqual([without.status, without.headers.get('x-ratelimit-reset')], [429, null]);
    }
    assert.equal((await harness.api('GET', '/clients.json')).status, 200);
  });
});

describe("the sandbox's webhooks", () => {
  let harness: Harness;
  let receiver: Receiver;
  beforeEach(async () => {
    harness = await startHarness();
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await harness.close();
    await receiver.close();
  });

  it('are made with 201 and the bare id, and listed with capitalized words', async () => {
    const created = await harness.api('POST', `${hooks}.json`, valid);
    assert.equal(created.status, 201);
    assert.match(created.text, /^"[0-9a-f]{32}"$/);
    const xml = await harness.webhook(documentedListId, 'http://example.org/', ['Update'], 'XML');
    const listed = await harness.api('GET', `${hooks}.json`);
    assert.equal(listed.status, 200);
    assert.deepEqual(listed.body, [
      { WebhookID: created.body, Events: valid.Events, Url: valid.Url, Status: 'Active', PayloadFormat: 'Json' },
      { WebhookID: xml, Events: ['Update'], Url: 'http://example.org/', Status: 'Active', PayloadFormat: 'Xml' },
    ]);
    assert.deepEqual((await harness.api('GET', `/lists/${sandboxLists[1]!.listId}/webhooks.json`)).body, []);
  });

  for (const [code, message, fields] of [
    [601, 'Invalid Webhook URL', { Url: 'not a url' }],
    [601, 'Invalid Webhook URL', { Url: 'ftp://example.org/' }],
    [601, 'Invalid Webhook URL', { Url: 'http:example.org' }],
    [601, 'Invalid Webhook URL', { Url: undefined }],
    [602, 'Invalid Webhook Payload Format', { PayloadFormat: 'yaml' }],
    [602, 'Invalid Webhook Payload Format', { PayloadFormat: undefined }],
    [603, 'Invalid Webhook Event', { Events: ['Bounce'] }],
    [603, 'Invalid Webhook Event', { Events: ['Subscribe', 'subscribe'] }],
    [603, 'Invalid Webhook Event', { Events: [] }],
    [603, 'Invalid Webhook Event', { Events: 'Subscribe' }],
  ] as const) {
    it(`answer 400 and ${code} to ${JSON.stringify(fields)}`, async () => {
      const answer = await harness.api('POST', `${hooks}.json`, { ...valid, ...fields });
      assert.deepEqual([answer.status, answer.body], [400, { Code: code, Message: message }]);
      assert.deepEqual((await harness.api('GET', `${hooks}.json`)).body, []);
    });
  }

  for (const [testBody, format, posted] of [
    ['no-events', 'json', `{"Events":[],"ListID":"${documentedListId}"}`],
    [
      'no-events',
      'xml',
      `<?xml version="1.0" encoding="utf-8"?>\n<Webhook><ListID>${documentedListId}</ListID><Events></Events></Webhook>`,
    ],
    ['empty-object', 'json', '{}'],
    ['empty', 'json', ''],
  ] as const) {
    it(`are tested by a post of ${testBody} in ${format}, answered 200 and empty`, async () => {
      await harness.control('PATCH', '/settings', { testBody });
      const id = await harness.webhook(documentedListId, receiver.url, ['Update'], format);
      const answer = await harness.api('GET', `${hooks}/${id}/test.json`);
      assert.deepEqual([answer.status, answer.text], [200, '']);
      assert.deepEqual(
        receiver.received.map(({ method, path, body }) => ({ method, path, body })),
        [{ method: 'POST', path: '/hook', body: posted }],
      );
    });
  }

  for (const format of ['json', 'xml']) {
    it(`are tested by an example of each event in ${format}, where that is asked for`, async () => {
      assert.equal((await harness.control('PATCH', '/settings', { testBody: 'examples' })).status, 200);
      const id = await harness.webhook(documentedListId, receiver.url, ['Deactivate', 'Subscribe'], format);
      assert.equal((await harness.api('GET', `${hooks}/${id}/test.json`)).status, 200);
      const { body } = receiver.received[0]!;
      const types = [...body.matchAll(/"Type":"(\w+)"|<Type>(\w+)<\/Type>/g)].map(([, json, xml]) => json ?? xml);
      assert.deepEqual(types, ['Deactivate', 'Subscribe']);
      assert.ok(body.includes(documentedListId));
    });
  }

  it('that fail their test are answered 400 and 610, with what went wrong', async () => {
    const failing = await startReceiver((response, number) => {
      response.statusCode = number === 1 ? 404 : 302;
      if (number > 1) response.setHeader('location', receiver.url);
      response.end(number === 1 ? '' : 'elsewhere');
    });
    const id = await harness.webhook(documentedListId, failing.url);
    const notFound = await harness.api('GET', `${hooks}/${id}/test.json`);
    assert.deepEqual(
      [notFound.status, notFound.body],
      [
        400,
        {
          ResultData: {
            FailureStatus: 'ProtocolError',
            FailureResponseMessage: 'NotFound',
            FailureResponseCode: 404,
            FailureResponse: '',
          },
          Code: 610,
          Message: 'The webhook request has failed',
        },
      ],
    );
    const redirected = await harness.api('GET', `${hooks}/${id}/test.json`);
    assert.deepEqual((redirected.body as { ResultData: object }).ResultData, {
      FailureStatus: 'ProtocolError',
      FailureResponseMessage: 'Found',
      FailureResponseCode: 302,
      FailureResponse: 'elsewhere',
    });
    assert.equal(receiver.received.length, 0, 'the redirect was followed');
    await failing.close();
    const refused = await harness.api('GET', `${hooks}/${id}/test.json`);
    assert.deepEqual((refused.body as { ResultData: object }).ResultData, {
      FailureStatus: 'ConnectFailure',
      FailureResponseMessage: '',
      FailureResponseCode: 0,
      FailureResponse: '',
    });
  });

  it('are deactivated, activated and deleted with 200', async () => {
    const id = await harness.webhook(documentedListId, receiver.url);
    const status = async (): Promise<unknown[]> => {
      const { body } = await harness.api('GET', `${hooks}.json`);
      return (body as { Status: string }[]).map((webhook) => webhook.Status);
    };
    for (const [method, path, expected] of [
      ['PUT', `${hooks}/${id}/deactivate.json`, ['Inactive']],
      ['PUT', `${hooks}/${id}/activate.json`, ['Active']],
      ['DELETE', `${hooks}/${id}.json`, []],
    ] as const) {
      const answer = await harness.api(method, path);
      assert.deepEqual([answer.status, answer.text], [200, '']);
      assert.deepEqual(await status(), expected);
    }
  });

  it('cannot be reached through another list, fetched singly, edited, or deleted twice', async () => {
    const id = await harness.webhook(documentedListId, receiver.url);
    const other = `/lists/${sandboxLists[1]!.listId}/webhooks`;
    assert.equal((await harness.api('DELETE', `${other}/${id}.json`)).status, 404);
    assert.equal((await harness.api('GET', `${hooks}/${id}.json`)).status, 404);
    assert.equal((await harness.api('PUT', `${hooks}/${id}.json`, valid)).status, 404);
    assert.equal((await harness.api('DELETE', `${hooks}/${id}.json`)).status, 200);
    assert.equal((await harness.api('DELETE', `${hooks}/${id}.json`)).status, 404);
  });
});

describe('the sandbox on its own machine', () => {
  let harness: Harness;
  before(async () => (harness = await startHarness()));
  after(() => harness.close());

  it('refuses a foreign Origin, and takes its own', async () => {
    const { port } = harness.sandbox;
    for (const origin of ['https://evil.example', 'null', `https://127.0.0.1:${port}`, 'http://127.0.0.1:1']) {
      for (const path of ['/api/v3.3/clients.json', '/sandbox', '/oauth', '/']) {
        const answer = await call('GET', `http://127.0.0.1:${port}${path}`, undefined, { ...keyHeader, origin });
        assert.equal(answer.status, 403, `${origin} ${path}`);
      }
    }
    for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
      const headers = { ...keyHeader, origin: `http://${name}:${port}` };
      assert.equal((await harness.api('GET', '/clients.json', undefined, headers)).status, 200);
    }
  });

  it('with random credentials, has them and the key of its controls for itself', async () => {
    const keyed = await startHarness({ randomCredentials: true });
    try {
      const base = `http://127.0.0.1:${keyed.sandbox.port}/sandbox`;
      const key = keyed.sandbox.control.slice(`${base}/`.length);
      assert.match(key, /^[0-9a-f]{32}$/);
      for (const path of ['', '/', '/calls', '/open-connectors', `/${key.slice(1)}`, '?a=b'])
        assert.equal((await call('GET', base + path)).status, 404, path);
      assert.equal((await keyed.api('GET', '/clients.json', undefined, keyHeader)).status, 401);
      assert.equal((await call('POST', `${base}/failures`, { at: 'api' })).status, 404);
      for (const path of ['', '/', '/deliveries?limit=1', '/open-connectors', '/open-connectors/calls'])
        assert.equal((await keyed.control('GET', path)).status, 200, path);
      assert.equal((await keyed.api('GET', '/clients.json')).status, 200);
    } finally {
      await keyed.close();
    }
  });

  it('refuses a foreign Host', async () => {
    const { port } = harness.sandbox;
    const statusFor = async (host: string): Promise<number> => {
      const answer = await request(harness.sandbox.control, { headers: { host } });
      await answer.body.dump();
      return answer.statusCode;
    };
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1',
      `127.0.0.1.evil.example:${port}`,
      'localhost:1',
    ]) {
      assert.equal(await statusFor(host), 403, host);
    }
    for (const host of [`localhost:${port}`, `LOCALHOST:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`]) {
      assert.equal(await statusFor(host), 200, host);
    }
  });
});
