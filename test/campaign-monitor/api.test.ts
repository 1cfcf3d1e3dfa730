import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CampaignMonitorApi } from '../../src/campaign-monitor/api.ts';
import type { CampaignMonitorApiOptions } from '../../src/campaign-monitor/session.ts';
import { sandboxApiKey, sandboxClients, sandboxLists } from '../../src/sandbox/campaign-monitor/accounts.ts';
import { failsWith } from './fails-with.ts';
import { startHarness, type Harness } from '../sandbox/harness.ts';

const [list] = sandboxLists as [(typeof sandboxLists)[number]];
const key = { kind: 'api-key', apiKey: sandboxApiKey } as const;

describe('CampaignMonitorApi with the sandbox', () => {
  let harness: Harness;
  let api: CampaignMonitorApi;

  before(async () => {
    harness = await startHarness();
  });
  after(() => harness.close());

  const open = (options: Partial<CampaignMonitorApiOptions> = {}): CampaignMonitorApi =>
    new CampaignMonitorApi({ baseUrl: harness.sandbox.campaignMonitorApi, credential: key, ...options });
  beforeEach(async () => {
    api = open();
    await harness.control('DELETE', '/calls');
  });

  it('reads clients, lists and one list, and never asks for a client, whose answer holds a key', async () => {
    const clients = await api.clients();
    assert.deepEqual(clients, sandboxClients);
    const lists = await Promise.all(clients.map(({ clientId }) => api.lists(clientId)));
    assert.deepEqual(
      lists.flat(),
      sandboxLists.map(({ listId, title }) => ({ listId, name: title })),
    );
    assert.deepEqual(await api.list(list.listId), { listId: list.listId, name: list.title });
    assert.match(await api.systemDate(), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    const { body: calls } = await harness.control('GET', '/calls');
    assert.ok(!Object.keys(calls as object).includes('GET /clients/:clientId.json'));
  });

  it('makes, lists, deactivates, activates and deletes a webhook', async () => {
    const url = 'http://127.0.0.1:9/hook';
    const webhookId = await api.createWebhook(list.listId, { events: ['Subscribe', 'Update'], url, format: 'xml' });
    const webhook = { webhookId, listId: list.listId, events: ['Subscribe', 'Update'], url, format: 'xml' };
    assert.deepEqual(await api.webhooks(list.listId), [{ ...webhook, active: true, status: 'Active' }]);
    await api.deactivateWebhook(list.listId, webhookId);
    assert.equal((await api.webhooks(list.listId))[0]?.active, false);
    await api.activateWebhook(list.listId, webhookId);
    assert.equal((await api.webhooks(list.listId))[0]?.active, true);
    await api.deleteWebhook(list.listId, webhookId);
    assert.deepEqual(await api.webhooks(list.listId), []);
  });

  it('tests a webhook, and tells what the test call met', async () => {
    const receiver = await serve((_request, response) => response.writeHead(status).end('who are you?'));
    let status = 200;
    const webhookId = await api.createWebhook(list.listId, { events: ['Update'], url: receiver.url, format: 'json' });
    try {
      await api.testWebhook(list.listId, webhookId);
      status = 404;
      const error = await failsWith(api.testWebhook(list.listId, webhookId), 'webhook-test-failed');
      assert.equal(error.code, 610);
      assert.deepEqual(error.resultData, {
        FailureStatus: 'ProtocolError',
        FailureResponseMessage: 'NotFound',
        FailureResponseCode: 404,
        FailureResponse: 'who are you?',
      });
    } finally {
      await api.deleteWebhook(list.listId, webhookId);
      await receiver.close();
    }
  });

  it('adds a subscriber, of which the list’s webhook tells', async () => {
    const bodies: string[] = [];
    let told = (): void => undefined;
    const first = new Promise<void>((resolve) => (told = resolve));
    const receiver = await serve((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        bodies.push(body);
        response.writeHead(200).end();
        told();
      });
    });
    const webhookId = await api.createWebhook(list.listId, {
      events: ['Subscribe'],
      url: receiver.url,
      format: 'json',
    });
    try {
      await api.addSubscriber(list.listId, { address: 'ada.new@example.com', name: 'Ada' });
      await first;
      assert.match(bodies[0] ?? '', /"EmailAddress":"ada\.new@example\.com".*"Type":"Subscribe"/);
      await failsWith(api.addSubscriber(list.listId, { address: 'nobody', name: '' }), 'refused');
    } finally {
      await api.deleteWebhook(list.listId, webhookId);
      await receiver.close();
    }
  });

  it('tells errors apart by code', async () => {
    const webhook = { events: ['Update'], url: 'http://127.0.0.1:9/', format: 'json' } as const;
    const wrongKey = open({ credential: { kind: 'api-key', apiKey: 'planted-secret-key' } });
    const badKey = await failsWith(wrongKey.clients(), 'bad-api-key');
    assert.ok(badKey.needsSignIn);
    assert.ok(!JSON.stringify([badKey.message, badKey.next, badKey.stack]).includes('planted-secret-key'));
    assert.equal((await failsWith(api.lists('f'.repeat(32)), 'wrong-client')).code, 102);
    assert.equal((await failsWith(api.webhooks('f'.repeat(32)), 'wrong-list')).needsSignIn, false);
    await failsWith(api.createWebhook(list.listId, { ...webhook, url: 'nowhere' }), 'bad-webhook-url');
    await failsWith(api.createWebhook(list.listId, { ...webhook, format: 'csv' as 'json' }), 'bad-webhook-format');
    await failsWith(api.createWebhook(list.listId, { ...webhook, events: [] }), 'bad-webhook-event');
    await failsWith(api.deleteWebhook(list.listId, 'f'.repeat(32)), 'not-found');
    const tokens = (await harness.control('POST', '/tokens', { scopes: ['ViewReports'] })).body as Record<
      string,
      string
    >;
    const reader = open({
      credential: { kind: 'oauth', accessToken: tokens['access_token']!, refreshToken: tokens['refresh_token']! },
    });
    await failsWith(reader.webhooks(list.listId), 'permission-missing');
    await harness.control('POST', '/failures', { at: 'api', status: 400, code: 987, message: 'Something else' });
    assert.match((await failsWith(api.clients(), 'refused')).message, /Something else \(code 987\)/);
  });

  it('refuses an id that would change the path, without a request', async () => {
    for (const id of ['', '..', 'a/b', 'a?b', 'x'.repeat(200)]) {
      await assert.rejects(async () => api.webhooks(id), RangeError);
      await assert.rejects(async () => api.deleteWebhook(list.listId, id), RangeError);
      await assert.rejects(async () => api.lists(id), RangeError);
    }
    assert.deepEqual((await harness.control('GET', '/calls')).body, {});
  });
});

interface Server {
  readonly url: string;
  readonly requests: IncomingMessage[];
  close(): Promise<void>;
}

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('CampaignMonitorApi with answers that the sandbox does not give', () => {
  let server: Server;
  let answer: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;

  before(async () => {
    server = await serve((request, response) => answer(request, response));
  });
  after(() => server.close());
  beforeEach(() => server.requests.splice(0));

  const open = (options: Partial<CampaignMonitorApiOptions> = {}): CampaignMonitorApi =>
    new CampaignMonitorApi({ baseUrl: `${server.url}/api/v3.3/`, credential: key, ...options });
  const answers = (body: unknown, status = 200): void => {
    answer = (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
  };

  it('reads webhooks in any capitals, and keeps words that nobody has documented', async () => {
    answers([
      {
        WebhookID: 'AB12',
        Events: ['subscribe', 'Bounce'],
        Url: 'https://a.example/',
        Status: 'ACTIVE',
        PayloadFormat: 'XML',
      },
      { WebhookID: 17, Events: null, Url: 'https://b.example/', Status: 'Paused', PayloadFormat: 'Yaml', Surplus: 1 },
      { WebhookID: 'c', Url: 'https://c.example/', Events: [] },
    ]);
    assert.deepEqual(await open().webhooks('l'), [
      {
        webhookId: 'AB12',
        listId: 'l',
        events: ['Subscribe', 'Bounce'],
        url: 'https://a.example/',
        status: 'ACTIVE',
        active: true,
        format: 'xml',
      },
      {
        webhookId: '17',
        listId: 'l',
        events: [],
        url: 'https://b.example/',
        status: 'Paused',
        active: false,
        format: null,
      },
      { webhookId: 'c', listId: 'l', events: [], url: 'https://c.example/', status: '', active: false, format: null },
    ]);
  });

  it('says on one line, without links and secrets, what the vendor says', async () => {
    const encoded = Buffer.from(`${sandboxApiKey}:x`).toString('base64');
    const said = `Key ${sandboxApiKey}\n(${encoded})\u202e [Renew](command:evil) \u001b[2J${'!'.repeat(100_000)}`;
    answers({ Code: 100, Message: said }, 401);
    const { message } = await failsWith(open().clients(), 'bad-api-key');
    assert.match(
      message,
      /^Campaign Monitor rejected this API key: Key \*{8} \(\*{8}\) \[Renew\] \(command:evil\) \[2J!{10,500} \(code 100\)$/,
    );
  });

  it('reads no more of an answer than the API ever says', async () => {
    const piece = Buffer.alloc(1_048_576, 0x20);
    let sent = 0;
    answer = (_request, response) => {
      const write = (): void => {
        while (sent < 200 && !response.destroyed) {
          sent += 1;
          if (!response.write(piece)) return void response.once('drain', write);
        }
      };
      write();
    };
    assert.match((await failsWith(open().clients(), 'unreachable')).message, /longer than 16777216 bytes/);
    assert.ok(sent < 100);
  });

  it('does not follow a redirect with the credential', async () => {
    answer = (_request, response) => response.writeHead(302, { location: '/elsewhere' }).end();
    await failsWith(open().clients(), 'unexpected-answer');
    assert.equal(server.requests.length, 1);
  });

  it('gives up after its time, when told to, and where nobody answers', async () => {
    answer = () => undefined;
    await failsWith(open({ timeoutMs: 50 }).clients(), 'timed-out');
    const cancel = new AbortController();
    answer = () => cancel.abort();
    await failsWith(open().clients(cancel.signal), 'canceled');
    await failsWith(open().clients(AbortSignal.abort()), 'canceled');
    const gone = await serve(() => undefined);
    await gone.close();
    const error = await failsWith(open({ baseUrl: gone.url }).clients(), 'unreachable');
    assert.match(error.message, /ECONNREFUSED/);
  });

  it('retries an expired token once and no more', async () => {
    answer = (request, response) => {
      if (request.url === '/oauth/token') {
        response.end(JSON.stringify({ access_token: 'a2', expires_in: 1, refresh_token: 'r2' }));
      } else {
        response.writeHead(401).end(JSON.stringify({ Code: 121, Message: 'Expired OAuth Token' }));
      }
    };
    const api = open({
      credential: { kind: 'oauth', accessToken: 'a1', refreshToken: 'r1' },
      oauthBase: `${server.url}/oauth`,
    });
    await failsWith(api.clients(), 'expired-token');
    assert.deepEqual(
      server.requests.map(({ url, headers }) => [url, headers.authorization]),
      [
        ['/api/v3.3/clients.json', 'Bearer a1'],
        ['/oauth/token', undefined],
        ['/api/v3.3/clients.json', 'Bearer a2'],
      ],
    );
  });
});
