/** Requests of the owner's that make no sense, on real sockets: each is answered, none with a fault of the sandbox's. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { documentedListId } from '../../src/campaign-monitor/samples.ts';
import { sandboxClients } from '../../src/sandbox/campaign-monitor/accounts.ts';
import { readAmount } from '../long.ts';
import { RawConnection, rawAnswers } from '../relay/requests.ts';
import { startHarness, type Harness } from './harness.ts';
import { platformOf, type Platform } from './open-connectors/platform.ts';

describe('malformed requests with the right credentials', () => {
  let harness: Harness;
  let platform: Platform;
  before(async () => {
    harness = await startHarness({ randomCredentials: true });
    platform = platformOf(harness);
  });
  after(() => harness.close());

  /** A JSON body that is a right one but for a value or two. */
  function nearly(right: unknown): fc.Arbitrary<string> {
    const text = JSON.stringify(right);
    const values = [...text.matchAll(/(?<=:)(?:"[^"]*"|true|\d+)/g)];
    if (values.length === 0) return fc.json();
    return fc.oneof(
      fc.constant(text),
      fc.json(),
      fc
        .tuple(
          fc.constantFrom(...values),
          fc.oneof(
            fc.json(),
            hostileText.map((each) => JSON.stringify(each)),
          ),
        )
        .map(([match, value]) => text.slice(0, match.index) + value + text.slice(match.index + match[0].length)),
      fc.nat(text.length).map((length) => text.slice(0, length)),
      fc.constantFrom('['.repeat(50_000), '{"a":'.repeat(50_000), '\0', '\ufeff{}', '1e999', '-', '"\\ud800"'),
    );
  }
  const hostileText = fc.oneof(
    fc.constantFrom(
      ...[
        '',
        ' ',
        '\0',
        '__proto__',
        'constructor',
        'toString',
        '%',
        '\ud800',
        'http://',
        'http://[',
        'http://a:99999/',
      ],
      ...[
        'http://x y/',
        'javascript:alert(1)',
        '{"a":"b"}',
        '{"a":1}',
        '{"Host":"x","Content-Length":"5"}',
        '{"a\\n":"b"}',
      ],
      ...['true', 'FALSE', '9'.repeat(400), '-1', '1.5', 'NaN', 'a@b', `${'a'.repeat(70_000)}@example.org`, '\r\nX: y'],
    ),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );
  const segment = fc.oneof(
    fc.constantFrom(
      'x',
      '0',
      '-1',
      '1e9',
      '%',
      '%zz',
      '%00',
      '%2f',
      '..',
      '__proto__',
      'constructor',
      documentedListId,
      '1'.repeat(40),
    ),
    hostileText.map((text) => encodeURIComponent(Buffer.from(text.slice(0, 100)).toString())),
  );
  const query = fc.oneof(
    fc.constantFrom('', '?', '?email=', '?email[]=a', '?email=%', '?email=__proto__', '?pageSize=0', '?pageSize=1e3'),
    fc.constantFrom(
      '?nextPage=x',
      '?nextPage=LTE',
      '?nextPage=OTk5OTk5OTk5OTk5OTk5OTk5',
      '?searchText[]=x',
      '?tags[]=%ff',
    ),
    fc.constantFrom(
      "?where=id='",
      '?where[]=x',
      '?hydrate=x',
      '?reAuthenticate=true',
      '?limit=x',
      '?limit=5',
      '?page=9e9&pagesize=10',
      '?pagesize[]=10&PageSize=1e3',
      '?date=0000-00-00&orderfield=__proto__',
      '?a[__proto__]=b',
    ),
  );

  it('are answered by both vendors and the controls, with no 5xx, as a property', async function () {
    const requests = readAmount('MALFORMED_REQUESTS', 500, 100_000);
    this.timeout(120_000 + requests * 60);
    const { id, token } = await platform.create();
    const { port, credentials } = harness.sandbox;
    const { userSecret, organizationSecret } = credentials.openConnectors;
    const key = `Basic ${Buffer.from(`${credentials.campaignMonitor.apiKey}:x`).toString('base64')}`;
    const secrets = `User ${userSecret}, Organization ${organizationSecret}, Element ${token}`;
    const controlPath = new URL(harness.sandbox.control).pathname;
    const [hook = ''] = await platform.webhooks();
    const webhook = await harness.webhook(documentedListId, 'http://127.0.0.1:9/');
    const list = `/api/v3.3/lists/${documentedListId}`;
    const subscribers = `/api/v3.3/subscribers/${documentedListId}`;
    const subscriber = {
      EmailAddress: 'ada@example.org',
      Name: 'Ada',
      CustomFields: [{ Key: '[a]', Value: 'b', Clear: true }],
      ConsentToTrack: 'Yes',
      MobileNumber: '+491711234567',
    };
    const [{ clientId } = { clientId: '' }] = sandboxClients;
    const instance = await platform.body({ username: credentials.campaignMonitor.apiKey });
    const withKey = { ...instance, providerData: {} };
    const event = { ListID: documentedListId, Events: [{ Type: 'Update', Date: '2026-01-01', EmailAddress: 'a@b' }] };
    const platformPath = '/elements/api-v2';
    const calls: readonly [string, string, string, unknown][] = [
      ...(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const).flatMap((method): [string, string, string, unknown][] => [
        [method, '/api/v3.3', key, subscriber],
        [method, platformPath, secrets, withKey],
        [method, `${platformPath}/instances`, secrets, withKey],
        [method, `${list}/webhooks`, key, {}],
      ]),
      ['POST', `${list}/webhooks.json`, key, { Events: ['Update'], Url: 'http://127.0.0.1:9/', PayloadFormat: 'xml' }],
      ['PUT', `${list}/webhooks/${webhook}/deactivate.json`, key, {}],
      ['POST', `/api/v3/lists/${clientId}.json`, key, { Title: 'x', ConfirmedOptIn: true, UnsubscribePage: 'x' }],
      ['PUT', `${list}.json`, key, { Title: 'Newsletter', UnsubscribeSetting: 'OnlyThisList' }],
      ['POST', `${list}/customfields.json`, key, { FieldName: 'x', DataType: 'MultiSelectOne', Options: ['a'] }],
      [
        'PUT',
        `${list}/customfields/%5Bwebsite%5D.json`,
        key,
        { FieldName: 'website', VisibleInPreferenceCenter: true },
      ],
      ['PUT', `${list}/customfields/%5Binterests%5D/options.json`, key, { Options: ['a'], KeepExistingOptions: true }],
      ['DELETE', `${list}/customfields/%5Bnone%5D.json`, key, {}],
      ['GET', `${list}/active.json?page=1&pagesize=10&orderfield=date&orderdirection=desc&date=2026-01-01`, key, {}],
      ['GET', `${subscribers}/history.json?email=ada@example.org`, key, {}],
      ['GET', `/api/v3.1/clients/${clientId}/listsforemail.json?email=ada@example.org`, key, {}],
      ['POST', `${subscribers}.json`, key, subscriber],
      ['PUT', `${subscribers}.json?email=ada@example.org`, key, subscriber],
      ['POST', `${subscribers}/unsubscribe.json`, key, subscriber],
      ['POST', `${subscribers}/import.json`, key, { Subscribers: [subscriber, subscriber], Resubscribe: true }],
      ['PATCH', `${platformPath}/instances/${id}`, secrets, withKey],
      ['PUT', `${platformPath}/instances/${id}`, secrets, withKey],
      [
        'POST',
        `${platformPath}/elements/campaignmonitor/oauth/url`,
        secrets,
        { apiKey: 'a', apiSecret: 'b', callbackUrl: 'c' },
      ],
      ['GET', `${platformPath}/hubs/marketing/lists`, secrets, {}],
      ['POST', new URL(hook).pathname, '', event],
      [
        'POST',
        `${controlPath}/deliveries`,
        '',
        { url: 'http://127.0.0.1:9/', count: 1, batch: 2, email: 'a@example.org' },
      ],
      ['POST', `${controlPath}/lists/${documentedListId}/bounce`, '', { email: 'ada@example.org' }],
      ['POST', `${controlPath}/lists/${documentedListId}/history`, '', { email: 'ada@example.org', ipAddress: '::1' }],
      ['POST', `${controlPath}/codes`, '', { redirectUri: 'http://127.0.0.1/', scopes: ['ManageLists'] }],
      ['POST', `${controlPath}/tokens`, '', { scopes: ['ManageLists'] }],
      ['POST', `${controlPath}/oauth-apps`, '', { name: 'x', redirectUri: 'http://127.0.0.1/' }],
      ['PATCH', `${controlPath}/settings`, '', { testBody: 'empty', deliveryTimeoutMs: 5 }],
      ['PATCH', `${controlPath}/open-connectors/settings`, '', { partSize: 3, callbackTimeoutMs: 5 }],
      ['GET', `${controlPath}/open-connectors/notifications`, '', {}],
      ['GET', controlPath, '', {}],
    ];
    const asked = fc.constantFrom(...calls).chain(([method, path, authorization, right]) =>
      fc.record({
        method: fc.constant(method),
        path: fc.oneof(
          fc.constant(path),
          query.map((each) => path + each),
          fc.array(segment, { maxLength: 3 }).map((segments) => [path, ...segments].join('/')),
        ),
        authorization: fc.constant(authorization),
        type: fc.constantFrom('application/json', 'application/json; charset=utf-16', 'text/plain', 'x'),
        coding: fc.constantFrom('', '', '', 'gzip', 'br', 'x'),
        body: nearly(right),
      }),
    );
    await fc.assert(
      fc.asyncProperty(asked, async ({ method, path, authorization, type, coding, body }) => {
        const bytes = Buffer.from(body);
        const lines = [`${method} ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, `Authorization: ${authorization}`];
        lines.push(`Content-Type: ${type}`, `Content-Length: ${bytes.length}`, 'Connection: close');
        if (coding !== '') lines.push(`Content-Encoding: ${coding}`);
        const connection = await RawConnection.open(port);
        connection.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]));
        await connection.closed();
        const [answer] = rawAnswers(connection.bytes);
        const said = `${lines.join('\n')}\n\n${body.slice(0, 500)}\n→ ${connection.bytes.slice(0, 500)}`;
        assert.ok(answer !== undefined && answer.status >= 200 && answer.status < 500, said);
        assert.doesNotMatch(answer.body, /node_modules|\.ts:|TypeError|RangeError/, said);
      }),
      { numRuns: requests },
    );
    assert.deepEqual(
      harness.reports.filter(({ type }) => type === 'error'),
      [],
    );
    assert.equal((await platform.api('GET', `/instances/${id}`)).status, 200);
  });
});
