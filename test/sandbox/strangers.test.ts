/**
 * Another user of the machine at a sandbox with random credentials. They know the sources, the documents, the port and
 * every seed, and may open what connections they like: all on real sockets, at a process of its own.
 */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import fc from 'fast-check';
import { documentedListId } from '../../src/campaign-monitor/samples.ts';
import { verify } from '../../src/open-connectors/signature.ts';
import { sandboxOAuthApps } from '../../src/sandbox/campaign-monitor/accounts.ts';
import type { SandboxCredentials } from '../../src/sandbox/credentials.ts';
import { fixedCredentials } from '../../src/sandbox/credentials.ts';
import { Workplace } from '../cli/harness.ts';
import type { Line } from '../cli/harness.ts';
import { isLong, readAmount } from '../long.ts';
import { RawConnection, rawAnswers } from '../relay/requests.ts';
import type { Answer } from './harness.ts';
import { call, residentBytes, startHarness } from './harness.ts';
import type { Receiver } from './receiver.ts';
import { startReceiver } from './receiver.ts';

interface Ready extends Line {
  readonly campaignMonitorApi: string;
  readonly campaignMonitorOAuth: string;
  readonly openConnectorsApi: string;
  readonly control: string;
  readonly credentials: SandboxCredentials;
  readonly pid: number;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const redirectUri = 'http://127.0.0.1:4711/callback';
const signatureKey = 'a key that the sandbox signs with';
const basic = (user: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${user}:x`).toString('base64')}`,
});

/** What the owner of a sandbox does, and every secret that they get by it. */
class Owner {
  readonly ready: Ready;
  readonly port: number;
  constructor(ready: Ready) {
    this.ready = ready;
    this.port = Number(new URL(ready.control).port);
  }

  get headers(): Record<string, string> {
    return basic(this.ready.credentials.campaignMonitor.apiKey);
  }

  get platformHeaders(): Record<string, string> {
    const { userSecret, organizationSecret } = this.ready.credentials.openConnectors;
    return {
      authorization: `User ${userSecret}, Organization ${organizationSecret}`,
      'content-type': 'application/json',
    };
  }

  api(method: string, path: string, body?: unknown): Promise<Answer> {
    return call(method, this.ready.campaignMonitorApi + path, body, this.headers);
  }

  platform(method: string, path: string, body?: unknown): Promise<Answer> {
    return call(method, this.ready.openConnectorsApi + path, body, this.platformHeaders);
  }

  control(method: string, path: string, body?: unknown): Promise<Answer> {
    return call(method, this.ready.control + path, body);
  }

  /** The consent page's address, as the platform gives it. */
  async consentUrl(): Promise<string> {
    const { oauthClientId: apiKey, oauthClientSecret: apiSecret } = this.ready.credentials.campaignMonitor;
    const asked = { apiKey, apiSecret, callbackUrl: redirectUri, state: 'mine' };
    const answer = await this.platform('POST', '/elements/campaignmonitor/oauth/url', asked);
    return (answer.body as { oauthUrl: string }).oauthUrl;
  }

  /** Consents as a browser does. @returns the question's number and the code */
  async consent(): Promise<{ question: string; code: string }> {
    const page = await call('GET', await this.consentUrl());
    assert.equal(page.status, 200, page.text);
    const [, question = ''] = /name="request" value="([^"]+)"/.exec(page.text) ?? [];
    const back = await call(
      'POST',
      `${this.ready.campaignMonitorOAuth}/decision`,
      new URLSearchParams({ request: question, decision: 'allow' }).toString(),
      { 'content-type': 'application/x-www-form-urlencoded', origin: `http://127.0.0.1:${this.port}` },
    );
    const code = new URL(back.headers.get('location') ?? '').searchParams.get('code') ?? '';
    return { question, code };
  }

  /** Makes an instance with a signature key by a consent. */
  async instance(callbackUrl: string): Promise<{ id: number; token: string; place: string; secrets: string[] }> {
    const { oauthClientId, oauthClientSecret } = this.ready.credentials.campaignMonitor;
    const { question, code } = await this.consent();
    const made = await this.platform('POST', '/instances', {
      element: { key: 'campaignmonitor' },
      providerData: { code },
      configuration: {
        'oauth.callback.url': redirectUri,
        'oauth.api.key': oauthClientId,
        'oauth.api.secret': oauthClientSecret,
        'event.notification.enabled': true,
        'event.notification.callback.url': callbackUrl,
        'event.notification.signature.key': signatureKey,
        'events.list.ids': documentedListId,
      },
      name: 'Mine',
    });
    assert.equal(made.status, 200, made.text);
    const body = made.body as { id: number; token: string; configuration: Record<string, string> };
    const hooks = (await this.api('GET', `/lists/${documentedListId}/webhooks.json`)).body;
    const hook = (hooks as { Url: string; WebhookID: string }[]).at(-1);
    assert.ok(hook);
    const accessToken = body.configuration['oauth.user.token'] ?? '';
    return {
      id: body.id,
      token: body.token,
      place: hook.Url,
      secrets: [question, code, accessToken, body.token, hook.WebhookID, placeOf(hook.Url)],
    };
  }

  /** Every secret of every kind that this sandbox has. */
  async secrets(): Promise<string[]> {
    const { campaignMonitor, openConnectors } = this.ready.credentials;
    const { body } = await this.control('GET', '');
    const apps = (body as { oauthApps: { clientId: string; clientSecret: string }[] }).oauthApps;
    const own = (await this.control('POST', '/oauth-apps', { redirectUri })).body as (typeof apps)[number];
    const given = (await this.control('POST', '/tokens')).body as { access_token: string; refresh_token: string };
    const { code } = (await this.control('POST', '/codes', { redirectUri })).body as { code: string };
    const instance = await this.instance('http://127.0.0.1:9/');
    assert.equal((await this.platform('DELETE', `/instances/${instance.id}`)).status, 200);
    const app = (clientId: string): string => apps.find((each) => each.clientId === clientId)?.clientSecret ?? '';
    assert.equal(app(campaignMonitor.oauthClientId), campaignMonitor.oauthClientSecret);
    return [
      campaignMonitor.apiKey,
      openConnectors.userSecret,
      openConnectors.organizationSecret,
      ...[...apps, own].flatMap(({ clientId, clientSecret }) => [clientId, clientSecret]),
      new URL(this.ready.control).pathname.split('/').at(-1) ?? '',
      given.access_token,
      given.refresh_token,
      code,
      ...instance.secrets,
    ];
  }
}

function placeOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.split('/').at(-1) ?? '');
}

/**
 * The credentials that the sandbox publishes, and what the sources and the documents name between quotes: in the long form
 * all of it, so whatever is published is among it, otherwise a twentieth.
 */
function findPublished(): string[] {
  const files = globSync(['README.md', 'docs/*.md', 'src/sandbox/**/*.ts', 'src/campaign-monitor/samples.ts'], {
    cwd: root,
  });
  const words = files.flatMap((file) =>
    readFileSync(`${root}/${file}`, 'utf8').match(/(?<=[`'"])[^`'"\s]{3,64}(?=[`'"])/g),
  );
  const apps = sandboxOAuthApps.flatMap(({ clientId, clientSecret }) => [clientId, clientSecret]);
  const fixed = [fixedCredentials.campaignMonitor, fixedCredentials.openConnectors].flatMap((each) =>
    Object.values(each),
  );
  const named = [...new Set(words.filter((word) => word !== null))];
  return [...new Set([...apps, ...fixed, ...named.filter((_, index) => isLong || index % 20 === 0)])];
}

/** The entropy that a text can hold at most, by its alphabet, in bits. */
function bits(secret: string): number {
  const body = secret.replace(/^[A-Z]\+\//, '').replace(/=+$/, '');
  const each = /^[0-9]+$/.test(body) ? Math.log2(10) : /^[0-9a-f]+$/.test(body) ? 4 : 6;
  return body.length * each;
}

/**
 * What the sandbox's sources made of a seed: the sha256 of the seed and of how many were made before. @returns the seeds
 * of which one of the first values begins one of the secrets
 */
function seedsOf(secrets: readonly string[]): number[] {
  const beginnings = new Set(
    secrets.map((secret) =>
      /^[0-9a-f]{32,}$/.test(secret)
        ? secret.slice(0, 32)
        : Buffer.from(secret.replace(/^[A-Z]\+\//, ''), 'base64')
            .toString('hex')
            .slice(0, 32),
    ),
  );
  const found: number[] = [];
  for (let seed = 0; seed < 2 ** seedBits; seed++) {
    for (let made = 1; made <= 4; made++) {
      if (beginnings.has(hash('sha256', `${seed}:${made}`).slice(0, 32))) found.push(seed);
    }
  }
  return [...new Set(found)];
}

/** Number of seeds to try, as a power of two: the long form tries more than a million. */
const seedBits = isLong ? 20 : 16;

describe('a stranger at a sandbox with random credentials', () => {
  let place: Workplace;
  let owner: Owner;
  let receiver: Receiver;
  /** Their connections: many, kept. */
  let agent: Agent;

  const base = (): string => `http://127.0.0.1:${owner.port}`;

  async function startOwner(): Promise<Owner> {
    const running = place.startProcess(['sandbox', '--json', '--random-credentials']);
    return new Owner(JSON.parse(await running.line(() => true)) as Ready);
  }

  /** One request of the stranger's. */
  async function knock(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: string,
  ): Promise<{ status: number; headers: Record<string, unknown>; text: string }> {
    const answer = await request(base() + path, {
      method: method as 'GET',
      headers,
      ...(body !== undefined && { body }),
      dispatcher: agent,
    });
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  }

  before(async () => {
    place = new Workplace();
    receiver = await startReceiver();
    agent = new Agent({ connections: 16 });
    owner = await startOwner();
  });
  after(async () => {
    await agent.destroy();
    await place.close();
    await receiver.close();
  });
  afterEach('the sandbox answers its owner', async () => {
    assert.equal((await owner.api('GET', '/clients.json')).status, 200);
    assert.equal((await owner.control('GET', '')).status, 200);
  });

  it('opens nothing with anything that is published', async () => {
    const words = findPublished();
    for (const word of ['sandbox-api-key', 'sandbox-client-secret', 'sandbox+user/secret=', '100001', '100004'])
      assert.ok(words.includes(word), `${word} is tried`);
    const page = (clientId: string): string =>
      `/oauth?${new URLSearchParams({ type: 'web_server', client_id: clientId, redirect_uri: redirectUri, scope: 'ManageLists' }).toString()}`;
    const { userSecret, organizationSecret } = fixedCredentials.openConnectors;
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const attempts = words.flatMap((word): [string, Promise<{ status: number }>][] => {
      const segment = encodeURIComponent(word);
      return [
        [`API key ${word}`, knock('GET', '/api/v3.3/clients.json', basic(word))],
        [`token ${word}`, knock('GET', '/api/v3.3/clients.json', { authorization: `Bearer ${encodeURI(word)}` })],
        [
          `user ${word}`,
          knock('GET', '/elements/api-v2/instances', {
            authorization: `User ${encodeURI(word)}, Organization ${organizationSecret}, Element x`,
          }),
        ],
        [
          `organization ${word}`,
          knock('GET', '/elements/api-v2/instances', {
            authorization: `User ${userSecret}, Organization ${encodeURI(word)}`,
          }),
        ],
        [`control ${word}`, knock('GET', `/sandbox/${segment}`)],
        [`events at ${word}`, knock('POST', `/elements/api-v2/events/campaignmonitor/${segment}`, {}, '{}')],
        [`consent ${word}`, knock('GET', page(word))],
        [
          `refresh token ${word}`,
          knock(
            'POST',
            '/oauth/token',
            form,
            new URLSearchParams({ grant_type: 'refresh_token', refresh_token: word }).toString(),
          ),
        ],
      ];
    });
    const wanted = new Map([
      ['API', 401],
      ['token', 401],
      ['user', 401],
      ['organization', 401],
      ['control', 404],
      ['events', 404],
      ['consent', 302],
      ['refresh', 400],
    ]);
    for (const [what, attempt] of attempts) {
      const { status } = await attempt;
      assert.equal(status, wanted.get(what.split(' ')[0] ?? ''), what);
    }
    const refused = await knock('GET', page(fixedCredentials.campaignMonitor.oauthClientId));
    assert.match(String(refused.headers['location']), /error=unknown_client/);
    for (const { clientId, clientSecret } of sandboxOAuthApps) {
      const fields = { grant_type: 'authorization_code', client_id: clientId, client_secret: clientSecret };
      const body = new URLSearchParams({ ...fields, redirect_uri: redirectUri, code: 'x' }).toString();
      assert.match((await knock('POST', '/oauth/token', form, body)).text, /invalid_client/);
    }
  }).timeout(600_000);

  it('cannot make its secrets of any seed, nor take one for another', async () => {
    const known = 2 ** seedBits - 777;
    const seeded = await startHarness({ seed: known });
    try {
      const { body } = await seeded.control('POST', '/tokens');
      const { access_token: token } = body as { access_token: string };
      assert.deepEqual(seedsOf([token]), [known], 'the search finds what a seed made');
    } finally {
      await seeded.close();
    }
    const other = await startOwner();
    const secrets = [...(await owner.secrets()), ...(await other.secrets())];
    assert.ok(secrets.length >= 40, `${secrets.length} secrets`);
    assert.equal(new Set(secrets).size, secrets.length, 'no two are the same');
    for (const secret of secrets) assert.ok(bits(secret) >= 128, `${secret} is too short`);
    assert.deepEqual(seedsOf(secrets), []);
  }).timeout(600_000);

  it('forges no event: away from the right place an empty 404, and nothing is posted or signed', async () => {
    const { id, token, place: right } = await owner.instance(receiver.url);
    const instancePath = `/instances/${id}`;
    const forged = JSON.stringify({
      ListID: documentedListId,
      Events: [
        { Type: 'Subscribe', EmailAddress: 'forged@example.org', Date: '2026-01-01 00:00:00', CustomFields: [] },
      ],
    });
    const secret = placeOf(right);
    const flipped = (secret.startsWith('0') ? '1' : '0') + secret.slice(1);
    const id64 = encodeURIComponent(btoa(String(id)));
    const targets = [
      ...[
        id64,
        btoa(String(id)).replaceAll('=', ''),
        String(id),
        '0',
        flipped,
        secret.slice(1),
        `${secret}0`,
        `${secret}/x`,
      ],
      ...[
        secret.toUpperCase().replace(/^[^A-F]*$/, 'X'),
        `%${secret.charCodeAt(0).toString(16)}`,
        '%',
        '%zz',
        '%00',
        '',
      ],
    ].map((place) => `/elements/api-v2/events/campaignmonitor/${place}`);
    targets.push(
      '/elements/api-v2/events',
      '/elements/api-v2/events/',
      `/elements/api-v2/events/other/${id64}`,
      `/elements/api-v2/events/${secret}`,
      `/elements/api-v2/EVENTS/campaignmonitor/${id64}`,
    );
    const seen = new Set<string>();
    for (const target of targets) {
      const connection = await RawConnection.open(owner.port);
      connection.write(
        `POST ${target} HTTP/1.1\r\nHost: 127.0.0.1:${owner.port}\r\nContent-Type: application/json\r\nContent-Length: ${forged.length}\r\n\r\n${forged}`,
      );
      const [answer] = await connection.answers(1);
      connection.socket.destroy();
      seen.add(`${answer?.head.replace(/\r\nDate: [^\r]*/, '') ?? target}|${answer?.body ?? ''}`);
    }
    assert.deepEqual([...seen], ['HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0|']);
    for (const method of ['GET', 'PUT', 'OPTIONS', 'DELETE'])
      assert.equal((await knock(method, new URL(right).pathname)).status, 404, method);
    assert.deepEqual((await owner.platform('GET', `${instancePath}/events`)).body, []);

    // At the right place the same bytes are taken: it is the place alone that keeps them out.
    assert.equal((await call('POST', right, forged)).status, 200);
    const [posted, more] = await receiver.count(1);
    assert.ok(posted !== undefined && more === undefined);
    assert.ok(verify(Buffer.from(posted.body), String(posted.headers['elements-webhook-signature']), [signatureKey]));
    for (const secretOf of [id64, token]) assert.ok(!right.includes(secretOf));
    assert.equal((await owner.platform('DELETE', instancePath)).status, 200);
  });

  it('reaches no control, and the answer is the same for each', async () => {
    const { body } = await owner.control('GET', '');
    const { controls } = body as { controls: Record<string, string> };
    const names = Object.keys(controls);
    assert.ok(names.includes('POST /sandbox/stop') && names.length > 20);
    const key = new URL(owner.ready.control).pathname.split('/').at(-1) ?? '';
    const seen = new Set<string>();
    for (const name of [...names, 'GET /sandbox', 'GET /sandbox/']) {
      const [method = '', path = ''] = name.split(' ');
      for (const guess of [
        '',
        '/x',
        `/${key.slice(1)}`,
        `/${key}0`,
        `/%${key.charCodeAt(0).toString(16)}${key.slice(1)}`,
      ]) {
        const { status, headers, text } = await knock(method, path.replace('/sandbox', `/sandbox${guess}`));
        seen.add(JSON.stringify([status, headers['content-type'], text]));
      }
    }
    assert.equal(seen.size, 1, [...seen].join('\n'));
    assert.match([...seen][0] ?? '', /^\[404,/);
    const elsewhere = await knock('GET', '/anything/else');
    assert.ok(seen.has(JSON.stringify([elsewhere.status, elsewhere.headers['content-type'], elsewhere.text])));
  });

  it('gets no question to answer, and answers nobody’s', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const url = new URL(await owner.consentUrl());
    const page = await call('GET', url.href);
    const [, question = ''] = /name="request" value="([^"]+)"/.exec(page.text) ?? [];
    url.searchParams.set('client_id', '100004');
    assert.equal((await call('GET', url.href)).status, 302);
    for (const guess of [
      '',
      'x',
      question.slice(1),
      `${question}0`,
      question.toUpperCase().replace(/^[^A-F]*$/, 'X'),
    ]) {
      const body = new URLSearchParams({ request: guess, decision: 'allow' }).toString();
      const answer = await knock('POST', '/oauth/decision', form, body);
      assert.deepEqual([answer.status, answer.headers['location']], [400, undefined], guess);
    }
    // The person's own answer still counts, once.
    const allowed = new URLSearchParams({ request: question, decision: 'allow' }).toString();
    assert.equal((await knock('POST', '/oauth/decision', form, allowed)).status, 302);
    assert.equal((await knock('POST', '/oauth/decision', form, allowed)).status, 400);
  });

  it('uses up no order of the owner’s and adds to none of their counts', async () => {
    await owner.control('DELETE', '/calls');
    await owner.control('DELETE', '/open-connectors/calls');
    await owner.control('POST', '/failures', { at: 'api', status: 503 });
    await owner.control('POST', '/failures', { at: 'authorize' });
    await owner.control('POST', '/failures', { at: 'token', status: 503 });
    await owner.control('POST', '/open-connectors/failures', { call: '*', status: 503 });
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    for (let i = 0; i < 3; i++) {
      assert.equal((await knock('GET', '/api/v3.3/clients.json')).status, 401);
      assert.equal((await knock('GET', '/elements/api-v2/instances')).status, 401);
      assert.match(
        String((await knock('GET', `/oauth?client_id=x&redirect_uri=${redirectUri}`)).headers['location']),
        /invalid_request/,
      );
      assert.equal((await knock('POST', '/oauth/token', form, 'grant_type=refresh_token&refresh_token=x')).status, 400);
    }
    assert.deepEqual((await owner.control('GET', '/calls')).body, {});
    assert.deepEqual((await owner.control('GET', '/open-connectors/calls')).body, {});
    assert.equal((await owner.platform('GET', '/elements/campaignmonitor')).status, 503);
    assert.equal((await owner.api('GET', '/clients.json')).status, 503);
    const refused = await call('GET', await owner.consentUrl());
    assert.match(refused.headers.get('location') ?? '', /server_error/);
    const given = (await owner.control('POST', '/tokens')).body as { refresh_token: string };
    const refresh = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: given.refresh_token }).toString();
    assert.equal((await knock('POST', '/oauth/token', form, refresh)).status, 503);
    assert.equal((await knock('POST', '/oauth/token', form, refresh)).status, 200);
    assert.equal((await knock('POST', '/oauth/token', form, refresh)).status, 400, 'once');
  });

  it('keeps nobody out with a thousand connections that say little or nothing', async function () {
    this.timeout(180_000);
    const sockets: Socket[] = [];
    const beginnings = [
      '',
      'GET / HTTP/1.1\r\n',
      `POST /oauth/token HTTP/1.1\r\nHost: 127.0.0.1:${owner.port}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\n`,
      `POST /elements/api-v2/events/campaignmonitor/x HTTP/1.1\r\nHost: 127.0.0.1:${owner.port}\r\nContent-Length: 8000000\r\n\r\n${'x'.repeat(60_000)}`,
    ];
    for (let i = 0; i < 1000; i++) {
      const socket = connect(owner.port, '127.0.0.1');
      socket.on('error', () => undefined).resume();
      sockets.push(socket);
      const beginning = beginnings[i % beginnings.length] ?? '';
      await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
      if (beginning !== '') socket.write(beginning);
    }
    const closed = (some: readonly Socket[]): Promise<unknown> =>
      Promise.all(some.filter((socket) => !socket.closed).map((socket) => once(socket, 'close')));
    // Those beyond the bound go at once, the oldest first. Only those that say nothing count: others get a response.
    const silent = sockets.filter((_, index) => beginnings[index % beginnings.length] === '');
    await closed(silent.slice(0, 75));
    assert.ok(
      silent.slice(-12).every((socket) => !socket.closed),
      'the oldest make room',
    );
    assert.equal((await owner.api('GET', '/clients.json')).status, 200);
    assert.equal((await owner.control('GET', '')).status, 200);
    // A stranger may not stay either: seconds, and each is closed.
    await closed(sockets);
  });

  it('gets an answer at once that ends the connection', async () => {
    for (const target of ['/', '/api/v3.3/clients.json', '/elements/api-v2/instances', '/sandbox', '/oauth']) {
      const connection = await RawConnection.open(owner.port);
      connection.write(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${owner.port}\r\n\r\n`);
      assert.equal(await connection.closed(), null, target);
      assert.match(connection.bytes, /\r\nConnection: close\r\n/, target);
    }
    const connection = await RawConnection.open(owner.port);
    const own = `GET /api/v3.3/clients.json HTTP/1.1\r\nHost: 127.0.0.1:${owner.port}\r\nAuthorization: ${owner.headers['authorization'] ?? ''}\r\n\r\n`;
    connection.write(own + own);
    assert.deepEqual(
      (await connection.answers(2)).map(({ status }) => status),
      [200, 200],
      'the owner keeps theirs',
    );
    connection.socket.destroy();
  });

  it('learns nothing and breaks nothing by malformed requests, as a property', async function () {
    const requests = readAmount('MALFORMED_REQUESTS', 500, 100_000);
    this.timeout(120_000 + requests * 60);
    const secrets = await owner.secrets();
    const segment = fc.oneof(
      fc.constantFrom(
        ...[
          'api',
          'v3.3',
          'elements',
          'api-v2',
          'events',
          'campaignmonitor',
          'instances',
          'oauth',
          'token',
          'decision',
        ],
        ...[
          'sandbox',
          'open-connectors',
          'clients.json',
          'lists',
          documentedListId,
          'webhooks.json',
          'hubs',
          'marketing',
        ],
        ...['%', '%zz', '%00', '..', '.', '', '__proto__', 'constructor', '*', '[', '://', '@', '?', '#', ';', '%2f'],
      ),
      fc.string({ unit: fc.constantFrom('%', '/', '?', ':', '@', '[', '#', '.', 'a', '0', '=', '&'), maxLength: 12 }),
    );
    const target = fc.oneof(
      fc.array(segment, { maxLength: 7 }).map((segments) => `/${segments.join('/')}`),
      fc.constantFrom(
        '*',
        '//',
        '//[',
        'http://[::1',
        `http://127.0.0.1/sandbox`,
        'x:',
        '?',
        '/?',
        '/oauth?client_id[]=1',
      ),
    );
    const header = fc.constantFrom(
      ...['Authorization: ', 'Authorization: Basic', 'Authorization: Basic %%%', 'Authorization: Bearer \xff'],
      ...[
        'Authorization: User a, Organization b, Element c',
        'Authorization: User , , ,',
        `Authorization: ${'User '.repeat(900)}`,
      ],
      ...['Content-Type: application/json', 'Content-Type: application/x-www-form-urlencoded', 'Content-Type: x'],
      ...[
        'Content-Type: application/json; charset=x',
        'Content-Encoding: gzip',
        'Content-Encoding: br',
        'Content-Encoding: x',
      ],
      ...['Accept: text/html', 'Accept: ;;;', 'Origin: null', 'Origin: http://evil.example', 'Expect: x', 'Upgrade: x'],
      ...['Connection: Upgrade', 'Transfer-Encoding: chunked', 'Cookie: a=b', 'X-HTTP-Method-Override: DELETE'],
    );
    const body = fc.oneof(
      fc.constantFrom(
        '',
        '{',
        '{}',
        '[[[[',
        'null',
        '"x"',
        'grant_type=',
        'grant_type=refresh_token&refresh_token=%',
        '\0\xff',
      ),
      fc.constantFrom('['.repeat(60_000), '{"a":'.repeat(10_000), 'a=1&'.repeat(2000), 'request[x]=1&decision=allow'),
      fc.json(),
      fc.string({ unit: 'binary', maxLength: 200 }),
    );
    const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND');
    const asked = fc.record({ method, target, headers: fc.array(header, { maxLength: 4 }), body, host: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(asked, async ({ method, target, headers, body, host }) => {
        const bytes = Buffer.from(body, 'latin1');
        const lines = [`Host: ${host ? `127.0.0.1:${owner.port}` : 'evil.example'}`, ...headers];
        const head = `${method} ${target.replaceAll(/[\r\n ]/g, '')} HTTP/1.1\r\n${lines.join('\r\n')}\r\n`;
        const connection = await RawConnection.open(owner.port);
        connection.socket.end(
          Buffer.concat([Buffer.from(`${head}Content-Length: ${bytes.length}\r\n\r\n`, 'latin1'), bytes]),
        );
        await connection.closed();
        for (const answer of rawAnswers(connection.bytes)) {
          const isRefusal = answer.status === 302 && /\r\nlocation: [^\r]*[?&]error=/i.test(answer.head);
          assert.ok((answer.status >= 400 && answer.status < 500) || isRefusal, connection.bytes);
        }
        assert.ok(!/node_modules|\.ts:|\.js:|TypeError/.test(connection.bytes), connection.bytes);
        for (const secret of secrets) assert.ok(!connection.bytes.includes(secret), `${secret} in ${connection.bytes}`);
      }),
      { numRuns: requests },
    );
    assert.ok(residentBytes(owner.ready.pid) < 600_000_000);
  });
});
