import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { createMessageConnection } from 'vscode-jsonrpc/node';
import { endpointOf, prepareFolder } from '../src/endpoint.ts';
import {
  compareVersions,
  connectToRelay,
  defaultSettings,
  destinationSchema,
  isCredentialHeader,
  methods,
  NoRelayError,
  RelayRequestError,
  secretsSchema,
  settingsChangeSchema,
  settingsSchema,
} from '../src/protocol.ts';
import { afterwards, startTestRelay, temporaryFolder } from './relay/stage.ts';

describe('compareVersions', () => {
  const table: readonly [string, string, number][] = [
    ['1.2.3', '1.2.3', 0],
    ['1.2.3', '1.2.4', -1],
    ['1.10.0', '1.9.9', 1],
    ['2.0.0', '1.99.99', 1],
    ['0.1.0', '0.0.99', 1],
    ['1.2.3-beta.1', '1.2.3', 0],
    ['1.2.3+build.5', '1.2.3', 0],
    ['1.2.4-rc', '1.2.3+x-y', 1],
    ['1.2', '1.2.0', 0],
  ];
  for (const [a, b, sign] of table) {
    it(`says that ${a} is ${sign === 0 ? 'the same as' : sign < 0 ? 'older than' : 'newer than'} ${b}`, () => {
      assert.equal(Math.sign(compareVersions(a, b)), sign);
      assert.equal(Math.sign(compareVersions(b, a)), sign === 0 ? 0 : -sign);
    });
  }
});

describe('isCredentialHeader', () => {
  for (const name of [
    'Authorization',
    'Proxy-Authorization',
    'Cookie',
    'Set-Cookie',
    'X-CSRF-Token',
    'X-Api-Key',
    'X-Forwarded-Authorization',
    'X-Functions-Key',
    'Ocp-Apim-Subscription-Key',
    'X-Jwt-Assertion',
    'Api-Key',
    'apikey',
    'X-Auth-Token',
    'X-Auth',
    'X-Amz-Security-Token',
    'X-Secret',
    'Client-Secret',
    'X-Password',
    'X-Access-Key',
    'Private-Key',
    'X-Session-Id',
    'my_token',
    'X-Goog-Credential',
  ]) {
    it(`counts ${name} as one`, () => {
      for (const written of [name, name.toLowerCase(), name.toUpperCase()])
        assert.equal(isCredentialHeader(written), true);
    });
  }
  for (const name of [
    'Content-Type',
    'Elements-Webhook-Signature',
    'Elements-Webhook-Id',
    'X-Request-Id',
    'X-Author',
    'Authority',
    'Tokenizer',
    'X-Keyboard',
    'User-Agent',
    'X-Forwarded-For',
    'Accept',
    'Key',
  ]) {
    it(`does not count ${name} as one`, () => assert.equal(isCredentialHeader(name), false));
  }
});

describe('The settings', () => {
  it('are whole without any', () => {
    assert.deepEqual(settingsSchema.parse(defaultSettings()), defaultSettings());
    assert.deepEqual(defaultSettings().destinations, []);
    assert.equal(defaultSettings().retention.maxDeliveries, 50_000);
    assert.equal(defaultSettings().retention.maxBytes, 500_000_000);
    assert.equal(defaultSettings().maxBodyBytes, 5 * 1024 * 1024);
    assert.equal(defaultSettings().keepAliveMinutes, 5);
  });

  const refused: readonly [string, object, RegExp][] = [
    ['a password in a URL', { destinations: [{ url: 'https://user:s3cr3t@example.org/' }] }, /credentialsName/],
    ['a user name in a URL', { destinations: [{ url: 'https://user@example.org/' }] }, /credentialsName/],
    [
      'a credential header',
      { destinations: [{ url: 'https://a.example/', headers: { Authorization: 's3cr3t' } }] },
      /destinations\[0\]\.headers/,
    ],
    [
      'an API key header',
      { destinations: [{ url: 'https://a.example/', headers: { 'x-api-key': 's3cr3t' } }] },
      /destinations\[0\]\.headers/,
    ],
    [
      'a cookie',
      { destinations: [{ url: 'https://a.example/', headers: { COOKIE: 's3cr3t' } }] },
      /destinations\[0\]\.headers/,
    ],
    [
      'a header with a line break',
      { destinations: [{ url: 'https://a.example/', headers: { 'X-A': 'a\r\nX-B: s3cr3t' } }] },
      /not a header value/,
    ],
    [
      'a password in the URL of a tunnel',
      { tunnel: { kind: 'fixed', url: 'https://u:s3cr3t@example.org/' } },
      /user name or password/,
    ],
    ['a URL that is not http', { destinations: [{ url: 'file:///etc/passwd' }] }, /http:\/\/ or https/],
    ['an unknown time zone', { timeZone: 'Mars/Olympus' }, /IANA time zone/],
    ['an unknown setting', { colour: 'red' }, /colour/],
    ['a subdomain that is none', { tunnel: { kind: 'localtunnel', subdomain: '-x-' } }, /subdomain is 4 to 63/],
    ['parts of no event', { partSize: 0 }, /partSize/],
  ];
  for (const [what, settings, message] of refused) {
    it(`refuse ${what}, over the house door too, and never repeat it`, async () => {
      const params = methods['relay/configure'].params.safeParse({ settings });
      assert.equal(params.success, false);
      const relay = await startTestRelay();
      await assert.rejects(relay.client.request('relay/configure', { settings }), (error: RelayRequestError) => {
        assert.equal(error.code, -32602);
        assert.match(error.message, /^relay\/configure: /);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /s3cr3t/);
        return true;
      });
    });
  }

  for (const url of ['nowhere', '', 'ftp://example.org/', 'http://', '//example.org/']) {
    it(`refuse ${JSON.stringify(url)} as a destination in plain words`, () => {
      const { error } = destinationSchema.safeParse({ url });
      assert.match(error?.issues[0]?.message ?? '', /begins with http:\/\/ or https:\/\//);
    });
  }

  it('that are changed are those that are given, and no others', () => {
    assert.deepEqual(settingsChangeSchema.parse({}), {});
    assert.deepEqual(settingsChangeSchema.parse({ retry: 'sap' }), { retry: 'sap' });
    assert.deepEqual(settingsChangeSchema.parse({ retention: { maxDeliveries: 3 } }), {
      retention: { maxDeliveries: 3, maxBytes: 500_000_000 },
    });
    for (const name of Object.keys(settingsSchema.shape)) assert.ok(name in settingsChangeSchema.shape, name);
    assert.throws(() => settingsChangeSchema.parse({ concurrency: 0 }));
    assert.throws(() => settingsChangeSchema.parse({ colour: 'red' }));
  });

  it('that a client does not give stay as they were', async () => {
    const settings = { destinations: [{ url: 'http://127.0.0.1:9/' }], timeZone: 'Europe/Berlin', partSize: 7 };
    const relay = await startTestRelay({ settings });
    const before = (await relay.client.request('relay/status', {})).settings;
    const after = (await relay.client.request('relay/configure', { settings: { retry: 'sap' } })).settings;
    assert.deepEqual(after, { ...before, retry: 'sap' });
    assert.deepEqual((await relay.client.request('relay/configure', {})).settings, after);
  });

  it('refuse secrets of another shape without repeating them', () => {
    for (const secrets of [
      { signatureKeys: 's3cr3t' },
      { credentials: { c: { 'X A': 's3cr3t' } } },
      { verifyKeys: { k: ['s3cr3t'] } },
      { other: {} },
    ]) {
      const parsed = secretsSchema.safeParse(secrets);
      assert.equal(parsed.success, false);
      assert.doesNotMatch(JSON.stringify(parsed.error.issues), /s3cr3t/);
    }
  });
});

describe('A connection to the relay', () => {
  it('is refused with what to do where none runs', async () => {
    const dataDir = temporaryFolder();
    await assert.rejects(connectToRelay(dataDir), (error: unknown) => {
      assert.ok(error instanceof NoRelayError);
      assert.match(error.message, new RegExp(dataDir));
      assert.match(error.next, /cm-relay listen/);
      return true;
    });
  });

  it('asks and is told', async () => {
    const relay = await startTestRelay();
    const client = await connectToRelay(relay.dataDir);
    afterwards(() => client.close());
    const told = new Promise<{ missed: number }>((resolve) => client.on('event/added', resolve));
    assert.equal((await client.request('relay/status', {})).clients, 1);
    await client.request('deliveries/inject', { body: { text: '{"ListID":"l","Events":[{"Type":"Subscribe"}]}' } });
    assert.equal((await told).missed, 0);
  });

  it('no longer tells a listener that has gone', async () => {
    const relay = await startTestRelay();
    const client = await connectToRelay(relay.dataDir);
    afterwards(() => client.close());
    const heard: string[] = [];
    const stop = client.on('event/added', () => heard.push('gone'));
    client.on('event/added', () => heard.push('there'));
    stop();
    const told = new Promise((resolve) => client.on('event/added', resolve));
    await client.request('deliveries/inject', { body: { text: '' } });
    await told;
    assert.deepEqual(heard, ['there']);
  });

  it('says that it has ended when the relay ends, and refuses further requests', async () => {
    const relay = await startTestRelay();
    const client = await connectToRelay(relay.dataDir);
    await relay.stop();
    await client.closed;
    await assert.rejects(client.request('relay/status', {}));
  });

  it('refuses an answer that is not of this version', async () => {
    const dataDir = temporaryFolder();
    const endpoint = endpointOf(dataDir);
    prepareFolder(endpoint);
    const server = createServer((socket) => {
      const connection = createMessageConnection(socket, socket);
      connection.onRequest('relay/status', () => ({ pid: 'not a number' }));
      connection.listen();
      socket.on('error', () => undefined);
    });
    server.listen(endpoint.path);
    await once(server, 'listening');
    const client = await connectToRelay(dataDir);
    afterwards(() => {
      client.close();
      server.close();
    });
    await assert.rejects(client.request('relay/status', {}), (error: unknown) => {
      assert.ok(error instanceof RelayRequestError);
      assert.match(error.message, /not what this version expects/);
      assert.match(error.next ?? '', /Restart the relay/);
      return true;
    });
  });
});
