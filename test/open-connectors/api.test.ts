import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { OpenConnectorsError } from '../../src/open-connectors/api-error.ts';
import { OpenConnectorsApi } from '../../src/open-connectors/api.ts';
import { baseUrlOf } from '../../src/open-connectors/host.ts';
import { maskedValue } from '../../src/common/masking.ts';
import { buildInstanceBody, emptyInstanceInput } from '../../src/open-connectors/instance-body.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

type Answer = readonly [status: number, body?: unknown, headers?: Record<string, string>];

/** A platform that answers what the spec says, and keeps what it was asked. */
class Platform {
  readonly asked: Asked[] = [];
  answer: (asked: Asked, response: ServerResponse) => Answer | null = () => [200, {}];
  readonly #server = createServer((request, response) => {
    void request.toArray().then((chunks: Buffer[]) => {
      const url = new URL(request.url ?? '', 'http://platform');
      const text = Buffer.concat(chunks).toString();
      const asked = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: text === '' ? undefined : (JSON.parse(text) as unknown),
      };
      this.asked.push(asked);
      const answer = this.answer(asked, response);
      if (answer === null) return;
      const [status, body, headers] = answer;
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body));
    });
  });

  async open(): Promise<string> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return baseUrlOf(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** The calls in short. */
  get calls(): string[] {
    return this.asked.map(({ method, path, query }) => {
      const text = decodeURIComponent(query.toString());
      return `${method} ${path.replace('/elements/api-v2', '')}${text === '' ? '' : `?${text}`}`;
    });
  }
}

const secrets = { userSecret: 'user+secret/with=', organizationSecret: 'organization-secret' };
const question = {
  apiKey: '104821',
  apiSecret: 'client+secret/=',
  callbackUrl: 'https://a.example.org/?b=1&c',
  state: 'st ate',
};
const oauthUrl = 'https://api.createsend.com/oauth?type=web_server&client_id=104821&state=st%20ate';
const instance = { id: 7, name: 'Mine', token: 'instance-token', element: { key: 'campaignmonitor' } };

describe('the Open Connectors API', () => {
  let platform: Platform;
  let baseUrl: string;
  let api: OpenConnectorsApi;

  beforeEach(async () => {
    platform = new Platform();
    baseUrl = await platform.open();
    api = new OpenConnectorsApi({ baseUrl, ...secrets });
  });
  afterEach(() => platform.close());

  const refused = async (call: Promise<unknown>): Promise<OpenConnectorsError> => {
    const error: unknown = await call.then(
      () => assert.fail('nothing was thrown'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof OpenConnectorsError, String(error));
    return error;
  };

  describe('the URL of the consent', () => {
    it('is asked for by POST, so that the secret is in no URL', async () => {
      platform.answer = () => [200, { element: 'campaignmonitor', oauthUrl }];
      assert.equal(await api.oauthUrl({ ...question, scope: 'ManageLists' }), oauthUrl);
      const [asked] = platform.asked;
      assert.deepEqual(platform.calls, ['POST /elements/campaignmonitor/oauth/url']);
      assert.deepEqual(asked?.body, { ...question, scope: 'ManageLists' });
      assert.equal(asked.headers['content-type'], 'application/json');
      assert.equal(asked.headers.authorization, 'User user+secret/with=, Organization organization-secret');
    });

    for (const status of [404, 405]) {
      it(`is asked for by GET where the platform has no POST (${status})`, async () => {
        platform.answer = ({ method }) => (method === 'POST' ? [status, { message: 'no' }] : [200, { oauthUrl }]);
        assert.equal(await api.oauthUrl(question), oauthUrl);
        assert.deepEqual(Object.fromEntries(platform.asked[1]?.query ?? []), question);
      });
    }

    it('is a URL that a browser may open, or an error', async () => {
      for (const wrong of ['command:workbench.action.quit', 'file:///etc/passwd', '', 7, undefined]) {
        platform.answer = () => [200, { oauthUrl: wrong }];
        assert.equal((await refused(api.oauthUrl(question))).kind, 'unexpected-answer');
      }
    });
  });

  describe('instances', () => {
    it('are made by the body as it is, and answered with an id and a token', async () => {
      const body = buildInstanceBody({ ...emptyInstanceInput, name: 'Mine', code: 'grant-code' });
      platform.answer = () => [
        200,
        { ...instance, somethingNew: [1], tags: null, valid: 'true', configuration: 'none' },
      ];
      const made = await api.createInstance(body);
      assert.deepEqual([made.id, made.token, made.valid, made.configuration], [7, 'instance-token', true, undefined]);
      assert.deepEqual(made['somethingNew'], [1]);
      assert.deepEqual(platform.asked[0]?.body, body);
    });

    it('without a token are no answer, and the error says which field and no value', async () => {
      platform.answer = () => [200, { id: 7, name: 'very private' }];
      const error = await refused(api.createInstance(buildInstanceBody(emptyInstanceInput)));
      assert.equal(error.kind, 'unexpected-answer');
      assert.match(error.message, /token/);
      assert.doesNotMatch(error.message, /very private/);
    });

    it('are listed page by page, those of this connector alone', async () => {
      platform.answer = ({ query }) =>
        query.get('nextPage') === null
          ? [200, [instance, { id: 8, element: { key: 'other' } }], { 'Elements-Next-Page-Token': 'p+2/=' }]
          : [200, [{ ...instance, id: '9' }, { id: 10 }]];
      const found = await api.listInstances({ searchText: 'Mi ne', tags: ['a', 'b&c'] });
      assert.deepEqual(
        found.map(({ id }) => id),
        [7, 9],
      );
      assert.deepEqual(platform.asked[0]?.query.getAll('tags[]'), ['a', 'b&c']);
      assert.equal(platform.asked[0].query.get('searchText'), 'Mi ne');
      assert.equal(platform.asked[1]?.query.get('nextPage'), 'p+2/=');
      assert.equal(platform.asked.length, 2);
    });

    it('end where a page names itself as the next one', async () => {
      platform.answer = () => [200, [instance], { 'Elements-Next-Page-Token': 'again' }];
      await api.listInstances();
      assert.equal(platform.asked.length, 2);
    });

    it('are read, enabled, disabled and deleted', async () => {
      platform.answer = ({ method }) => (method === 'GET' ? [200, instance] : [200]);
      assert.equal((await api.getInstance(7)).name, 'Mine');
      await api.setInstanceEnabled(7, false);
      await api.setInstanceEnabled(7, true);
      await api.deleteInstance(7);
      assert.deepEqual(platform.calls, [
        'GET /instances/7',
        'DELETE /instances/7/enabled',
        'PUT /instances/7/enabled',
        'DELETE /instances/7',
      ]);
    });

    it('never get a masked value back', async () => {
      const error = await refused(
        api.patchInstance(7, { configuration: { 'oauth.api.secret': maskedValue, 'events.list.ids': '' } }),
      );
      assert.equal(error.kind, 'refused');
      const headers = JSON.stringify({ Authorization: maskedValue });
      await refused(api.patchInstance(7, { configuration: { 'event.notification.callback.headers': headers } }));
      assert.deepEqual(platform.asked, []);
    });
  });

  describe('lists', () => {
    it("are those of the account's clients, asked for as the instance", async () => {
      platform.answer = ({ path, query }) => {
        if (path.endsWith('/accounts')) {
          return [
            200,
            [
              { BasicDetails: { ClientID: "c'1", CompanyName: 'One' } },
              { other: 1 },
              { BasicDetails: { ClientID: 'c2' } },
            ],
          ];
        }
        if (query.get('where') === "id='c2'") return [404, { message: 'none' }];
        return [200, [{ id: 'l1', name: 'First' }, { ListID: 'l2', Name: 'Second' }, { neither: true }]];
      };
      assert.deepEqual(await api.lists('instance-token'), [
        { id: 'l1', name: 'First', clientId: "c'1", clientName: 'One' },
        { id: 'l2', name: 'Second', clientId: "c'1", clientName: 'One' },
      ]);
      assert.equal(platform.asked[1]?.query.get('where'), "id='c''1'");
      assert.equal(
        platform.asked[0]?.headers.authorization,
        'User user+secret/with=, Organization organization-secret, Element instance-token',
      );
    });
  });

  describe('an error', () => {
    it("has the platform's message and the provider's, without line breaks and without a secret", async () => {
      platform.answer = () => [
        400,
        {
          requestId: '5f3',
          message: `Bad\r\n request for ${secrets.userSecret}`,
          providerMessage: `invalid_grant: ${encodeURIComponent(question.apiSecret)}`,
        },
      ];
      const error = await refused(api.oauthUrl(question));
      const said = `Bad request for ${maskedValue} — invalid_grant: ${maskedValue}`;
      assert.equal(error.message, `Open Connectors refused the request: ${said}`);
      assert.equal(error.requestId, '5f3');
    });

    it('quotes no secret of a callback, neither when an instance is made nor when it is changed', async () => {
      const hook = '0123456789abcdef'.repeat(2);
      const other = 'fedcba9876543210'.repeat(2);
      const url = `https://one.example/hooks/${hook}/open-connectors`;
      const own = 'https://ada:pass-word@my.example/callback?token=query-secret';
      const headers = { Authorization: 'Bearer header-secret' };
      platform.answer = ({ body }) => [
        400,
        { message: `Not from https://old.example/hooks/${other}/open-connectors to ${JSON.stringify(body)}` },
      ];
      for (const callbackUrl of [url, own]) {
        const made = { ...emptyInstanceInput, name: 'Mine', callbackUrl, callbackHeaders: headers };
        const error = await refused(api.createInstance(buildInstanceBody(made)));
        const changed = await refused(
          api.patchInstance(7, {
            configuration: {
              'event.notification.callback.url': callbackUrl,
              'event.notification.callback.headers': JSON.stringify(headers),
            },
          }),
        );
        for (const { message } of [error, changed]) {
          for (const secret of [hook, other, 'pass-word', 'query-secret', 'header-secret'])
            assert.ok(!message.includes(secret), message);
        }
      }
    });

    it('has no link, no mark of writing direction and no odd request id, whatever the platform says', async () => {
      platform.answer = () => [400, { requestId: 'r-1\u001b[2J](x)', message: 'No \u202e[Renew](command:evil)' }];
      const error = await refused(api.getInstance(7));
      assert.equal(error.message, 'Open Connectors refused the request: No [Renew] (command:evil)');
      assert.equal(error.requestId, 'r-12Jx');
    });

    it('comes where an answer has no end', async () => {
      const piece = ' '.repeat(1_048_576);
      let sent = 0;
      platform.answer = (_asked, response) => {
        const write = (): void => {
          while (sent < 300 && !response.destroyed) {
            sent += 1;
            if (!response.write(piece)) return void response.once('drain', write);
          }
        };
        write();
        return null;
      };
      assert.match((await refused(api.getInstance(7))).message, /longer than 33554432 bytes/);
      assert.ok(sent < 150);
    });

    it('comes for an answer of more values than are read, whatever it is of', async () => {
      for (const [text, status] of [
        [`[${'{},'.repeat(1_000_000)}{}]`, 200],
        [`{"message":"no","x":[${'[],'.repeat(1_000_000)}1]}`, 500],
      ] as const) {
        platform.answer = () => [status, text];
        const { kind, message } = await refused(api.listInstances());
        assert.equal(kind, 'unexpected-answer');
        assert.match(message, status === 200 ? /more than 100000 values/ : /HTTP status 500/);
      }
    });

    it('comes where the pages of a list are too long together', async () => {
      const name = 'n'.repeat(1_048_576);
      let pages = 0;
      platform.answer = () => [200, [{ id: ++pages, name }], { 'elements-next-page-token': String(pages) }];
      assert.match((await refused(api.listInstances())).message, /its lists have more than \d+ characters/);
      assert.ok(pages < 40, `${pages} pages`);
    });

    it('is of its kind and has a next step for every status, whatever the body', async () => {
      for (const status of [300, 302, 400, 401, 403, 404, 405, 406, 409, 415, 429, 500, 502, 503]) {
        platform.answer = () => [status, { requestId: 'r', message: 'no' }];
        const error = await refused(api.getInstance(7));
        assert.deepEqual([error.kind, error.status], ['refused', status]);
        assert.equal(error.message, 'Open Connectors refused the request: no');
        assert.ok(error.next.length > 10);
        platform.answer = () => [status, '<html>', { 'content-type': 'text/html' }];
        assert.equal((await refused(api.getInstance(7))).kind, 'unexpected-answer');
      }
    });

    it('is one where secrets would be sent on', async () => {
      platform.answer = ({ path }) => (path === '/elsewhere' ? [200, instance] : [307, '', { location: '/elsewhere' }]);
      const error = await refused(api.getInstance(7));
      assert.deepEqual([error.kind, error.status, platform.asked.length], ['unexpected-answer', 307, 1]);
    });

    it('is one for an answer that is not JSON, or of another shape', async () => {
      for (const body of ['', 'null', '[]', '{', '"text"', '{"id":"x"}', '{"id":1.5}']) {
        platform.answer = () => [200, body];
        assert.equal((await refused(api.getInstance(7))).kind, 'unexpected-answer', body);
      }
      platform.answer = () => [200, { not: 'a list' }];
      assert.equal((await refused(api.listInstances())).kind, 'unexpected-answer');
    });

    it('is never another one, whatever JSON is answered', async () => {
      await fc.assert(
        fc.asyncProperty(fc.json(), fc.constantFrom(200, 400, 404, 500), async (body, status) => {
          platform.answer = () => [status, body];
          for (const call of [api.getInstance(7), api.listInstances(), api.lists('t'), api.instanceEvents(7)]) {
            await call.catch((error: unknown) => assert.ok(error instanceof OpenConnectorsError, String(error)));
          }
        }),
        { numRuns: 50 },
      );
    });

    it('says that no answer came in time', async () => {
      const hasty = new OpenConnectorsApi({ baseUrl, ...secrets, timeoutMs: 50 });
      platform.answer = () => null;
      const error = await refused(hasty.createInstance(buildInstanceBody(emptyInstanceInput)));
      assert.deepEqual([error.kind, error.status], ['timed-out', null]);
      assert.ok(platform.asked.length <= 1);
    });

    it('says so too where the answer began and did not end', async () => {
      const hasty = new OpenConnectorsApi({ baseUrl, ...secrets, timeoutMs: 200 });
      platform.answer = (_asked, response) => {
        response.writeHead(200).write('{');
        return null;
      };
      assert.equal((await refused(hasty.getInstance(7))).kind, 'timed-out');
    });

    it('says that it was canceled, before and during the call', async () => {
      assert.equal((await refused(api.getInstance(7, AbortSignal.abort()))).kind, 'canceled');
      assert.deepEqual(platform.asked, []);
      const controller = new AbortController();
      platform.answer = () => {
        controller.abort();
        return null;
      };
      assert.equal((await refused(api.getInstance(7, controller.signal))).kind, 'canceled');
    });

    it('says that the platform cannot be reached', async () => {
      await platform.close();
      const error = await refused(api.getInstance(7));
      assert.deepEqual([error.kind, error.status], ['unreachable', null]);
      assert.match(error.message, /127\.0\.0\.1.*ECONNREFUSED/);
    });

    it('says that a connection broke', async () => {
      platform.answer = (_asked, response) => {
        response.destroy();
        return null;
      };
      assert.equal((await refused(api.getInstance(7))).kind, 'unreachable');
    });

    it('says that a secret is missing or cannot be one, and sends nothing', async () => {
      for (const userSecret of ['', '  ', 'two words', 'schlüssel', 'line\nbreak']) {
        const error = await refused(new OpenConnectorsApi({ baseUrl, ...secrets, userSecret }).getInstance(7));
        const isMissing = userSecret.trim() === '';
        assert.equal(error.message, isMissing ? 'A secret is missing' : 'A secret contains an invalid character');
        assert.equal(error.next, 'Enter the user secret again.');
        assert.doesNotMatch(error.message, /two words|schlüssel/);
      }
      assert.match((await refused(api.lists(''))).next, /token/);
      assert.deepEqual(platform.asked, []);
    });
  });
});
