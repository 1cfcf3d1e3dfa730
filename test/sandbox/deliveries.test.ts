import assert from 'node:assert/strict';
import { documentedListId, type DeliveryBody, type WebhookEvent } from '../../src/campaign-monitor/samples.ts';
import { sandboxLists } from '../../src/sandbox/campaign-monitor/accounts.ts';
import type { DeliveryRecord } from '../../src/sandbox/campaign-monitor/outbox.ts';
import type { SandboxReport } from '../../src/sandbox/sandbox.ts';
import { startHarness, type Harness } from './harness.ts';
import { startReceiver, type ReceivedRequest, type Receiver } from './receiver.ts';

const subscribers = `/subscribers/${documentedListId}`;

function bodyOf(request: ReceivedRequest): DeliveryBody {
  return JSON.parse(request.body) as DeliveryBody;
}

function eventsOf(requests: readonly ReceivedRequest[]): WebhookEvent[] {
  return requests.flatMap((request) => bodyOf(request).Events);
}

/** A report that a delivery has come to an end. */
function settled(state: string, attempts: number) {
  return (report: SandboxReport): boolean =>
    report.type === 'attempt' && report.delivery.state === state && report.delivery.attempts.length === attempts;
}

describe("the sandbox's deliveries", () => {
  let harness: Harness;
  let receiver: Receiver;
  beforeEach(async () => {
    harness = await startHarness({ retryDelaysMs: [1, 1] });
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await harness.close();
    await receiver.close();
  });

  async function log(): Promise<DeliveryRecord[]> {
    return (await harness.control('GET', '/deliveries')).body as DeliveryRecord[];
  }

  it('tell of a subscriber from sign-up to deletion', async () => {
    await harness.webhook(documentedListId, receiver.url);
    const add = await harness.api('POST', `${subscribers}.json`, {
      EmailAddress: 'Ada@example.org',
      Name: 'Ada',
      CustomFields: [
        { Key: '[website]', Value: 'http://example.org' },
        { Key: 'interests', Value: 'Poetry' },
        { Key: 'interests', Value: 'History' },
      ],
      ConsentToTrack: 'Yes',
    });
    assert.deepEqual([add.status, add.text], [201, '"Ada@example.org"']);
    const update = await harness.api('PUT', `${subscribers}.json?email=ada%40example.org`, {
      EmailAddress: 'ada.l@example.org',
      CustomFields: [{ Key: 'interests', Value: 'Crime' }],
    });
    assert.deepEqual([update.status, update.text], [200, '']);
    const leave = await harness.api('POST', `${subscribers}/unsubscribe.json`, { EmailAddress: 'ada.l@example.org' });
    assert.deepEqual([leave.status, leave.text], [200, '']);
    await harness.api('POST', `${subscribers}.json`, { EmailAddress: 'ada.l@example.org', Resubscribe: true });
    const gone = await harness.api('DELETE', `${subscribers}.json?email=ada.l@example.org`);
    assert.deepEqual([gone.status, gone.text], [200, '']);

    const requests = await receiver.count(5);
    for (const request of requests) {
      assert.equal(request.headers['content-type'], 'application/json; charset=utf-8');
      assert.equal(bodyOf(request).ListID, documentedListId);
      assert.deepEqual(Object.keys(bodyOf(request)), ['Events', 'ListID']);
    }
    const events = eventsOf(requests);
    for (const event of events) assert.match(event.Date, /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:00$/);
    const website = { Key: 'website', Value: 'http://example.org' };
    assert.deepEqual(
      events.map((event) => Object.fromEntries(Object.entries(event).filter(([name]) => name !== 'Date'))),
      [
        {
          CustomFields: [website, { Key: 'interests', Value: 'Poetry' }, { Key: 'interests', Value: 'History' }],
          EmailAddress: 'Ada@example.org',
          Name: 'Ada',
          SignupIPAddress: 'TypeManual',
          Type: 'Subscribe',
        },
        {
          CustomFields: [website, { Key: 'interests', Value: 'Crime' }],
          EmailAddress: 'ada.l@example.org',
          OldEmailAddress: 'Ada@example.org',
          Name: 'Ada',
          State: 'Active',
          Type: 'Update',
        },
        {
          CustomFields: [website, { Key: 'interests', Value: 'Crime' }],
          EmailAddress: 'ada.l@example.org',
          Name: 'Ada',
          State: 'Unsubscribed',
          Type: 'Deactivate',
        },
        {
          CustomFields: [],
          EmailAddress: 'ada.l@example.org',
          Name: '',
          SignupIPAddress: 'TypeManual',
          Type: 'Subscribe',
        },
        { CustomFields: [], EmailAddress: 'ada.l@example.org', Name: '', State: 'Deleted', Type: 'Deactivate' },
      ],
    );
  });

  it('tell nothing new of one who has left, unless resubscribed', async () => {
    await harness.webhook(documentedListId, receiver.url);
    const [known] = (await harness.control('GET', `/lists/${documentedListId}/subscribers`)).body as {
      email: string;
    }[];
    await harness.api('POST', `${subscribers}/unsubscribe.json`, { EmailAddress: known!.email });
    assert.equal((await harness.api('POST', `${subscribers}.json`, { EmailAddress: known!.email })).status, 201);
    await harness.api('POST', `${subscribers}.json`, { EmailAddress: 'later@example.org' });
    const types = eventsOf(await receiver.count(2)).map((event) => [event.Type, event.EmailAddress]);
    assert.deepEqual(types, [
      ['Deactivate', known!.email],
      ['Subscribe', 'later@example.org'],
    ]);
  });

  it('are refused to wrong addresses with the code for each', async () => {
    const codeOf = async (method: string, path: string, body?: unknown): Promise<unknown[]> => {
      const answer = await harness.api(method, path, body);
      return [answer.status, (answer.body as { Code: number }).Code];
    };
    assert.deepEqual(await codeOf('POST', `${subscribers}.json`, { EmailAddress: 'nobody' }), [400, 1]);
    assert.deepEqual(await codeOf('POST', `${subscribers}.json`, { Name: 'x' }), [400, 400]);
    assert.deepEqual(await codeOf('PUT', `${subscribers}.json?email=nobody@example.org`, {}), [400, 203]);
    assert.deepEqual(await codeOf('DELETE', `${subscribers}.json?email=nobody@example.org`), [400, 203]);
    assert.deepEqual(await codeOf('DELETE', `${subscribers}.json`), [400, 1]);
    assert.deepEqual(
      await codeOf('POST', `${subscribers}/unsubscribe.json`, { EmailAddress: 'nobody@example.org' }),
      [400, 203],
    );
  });

  it('cut an import of 6,500 into several posts, none above 1,000, and name each address once', async () => {
    await harness.webhook(documentedListId, receiver.url);
    const addresses = Array.from({ length: 6500 }, (_, i) => `reader.${i}@example.net`);
    const answer = await harness.api('POST', `${subscribers}/import.json`, {
      Subscribers: addresses.map((EmailAddress) => ({ EmailAddress, Name: '', CustomFields: [] })),
      Resubscribe: false,
    });
    assert.equal(answer.status, 201);
    assert.deepEqual(answer.body, {
      FailureDetails: [],
      TotalUniqueEmailsSubmitted: 6500,
      TotalExistingSubscribers: 0,
      TotalNewSubscribers: 6500,
      DuplicateEmailsInSubmission: [],
    });
    const requests = await receiver.count(7);
    assert.deepEqual(
      requests.map((request) => bodyOf(request).Events.length),
      [1000, 1000, 1000, 1000, 1000, 1000, 500],
    );
    assert.deepEqual(
      eventsOf(requests).map((event) => event.EmailAddress),
      addresses,
    );
  });

  it('mix types where an import also updates, and leave out what failed', async () => {
    await harness.webhook(documentedListId, receiver.url);
    await harness.api('POST', `${subscribers}.json`, { EmailAddress: 'known@example.org' });
    const answer = await harness.api('POST', `${subscribers}/import.json`, {
      Subscribers: [
        { EmailAddress: 'fresh@example.org' },
        { EmailAddress: 'known@example.org', Name: 'Known' },
        { EmailAddress: 'FRESH@example.org' },
        { EmailAddress: 'wrong' },
      ],
    });
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.body, {
      ResultData: {
        FailureDetails: [{ EmailAddress: 'wrong', Code: 1, Message: 'Invalid Email Address' }],
        TotalUniqueEmailsSubmitted: 3,
        TotalExistingSubscribers: 1,
        TotalNewSubscribers: 1,
        DuplicateEmailsInSubmission: ['FRESH@example.org'],
      },
      Code: 210,
      Message: 'Subscriber Import had some failures',
    });
    const [, second] = await receiver.count(2);
    assert.deepEqual(
      bodyOf(second!).Events.map((event) => [event.Type, event.EmailAddress]),
      [
        ['Subscribe', 'fresh@example.org'],
        ['Update', 'known@example.org'],
      ],
    );
  });

  it('go only to active webhooks of the list that asked for the type, in their format', async () => {
    const others = await startReceiver();
    await harness.webhook(sandboxLists[1]!.listId, others.url);
    await harness.webhook(documentedListId, others.url, ['Update']);
    const inactive = await harness.webhook(documentedListId, others.url);
    await harness.api('PUT', `/lists/${documentedListId}/webhooks/${inactive}/deactivate.json`);
    await harness.webhook(documentedListId, receiver.url, ['Deactivate', 'Subscribe'], 'xml');
    const order = { types: ['Subscribe', 'Update', 'Deactivate'], batch: 9, mixed: true };
    assert.equal((await harness.control('POST', '/deliveries', order)).status, 202);
    const [xml] = await receiver.count(1);
    assert.equal(xml!.headers['content-type'], 'text/xml; charset=utf-8');
    assert.deepEqual(
      [...xml!.body.matchAll(/<Type>(\w+)<\/Type>/g)].map(([, type]) => type),
      ['Subscribe', 'Deactivate', 'Subscribe', 'Deactivate', 'Subscribe', 'Deactivate'],
    );
    const [json] = await others.count(1);
    assert.deepEqual(
      bodyOf(json!).Events.map((event) => event.Type),
      ['Update', 'Update', 'Update'],
    );
    await others.close();
  });

  it('are sent again until they arrive, the same bytes', async () => {
    const flaky = await startReceiver((response, number) => {
      if (number === 1) response.socket!.destroy();
      else response.writeHead(number === 2 ? 503 : 204).end();
    });
    const id = await harness.webhook(documentedListId, `${flaky.url}/secret-path`);
    await harness.control('POST', '/deliveries', { types: ['Subscribe'] });
    await harness.report(settled('delivered', 3));
    assert.equal(new Set(flaky.received.map((request) => request.body)).size, 1);
    const [record] = await log();
    assert.deepEqual(
      record!.attempts.map(({ status, failure }) => [status, failure]),
      [
        [null, 'ReceiveFailure'],
        [503, 'ProtocolError'],
        [204, null],
      ],
    );
    const { webhookId, listId, target, format, events, types, state, nextAttemptAt } = record!;
    assert.deepEqual(
      { webhookId, listId, target, format, events, types, state, nextAttemptAt },
      {
        webhookId: id,
        listId: documentedListId,
        target: new URL(flaky.url).origin,
        format: 'Json',
        events: 1,
        types: ['Subscribe'],
        state: 'delivered',
        nextAttemptAt: null,
      },
    );
    assert.doesNotMatch(JSON.stringify([await log(), harness.reports]), /secret-path/);
    await flaky.close();
  });

  it('that fail for too long deactivate their webhook', async () => {
    await harness.control('PATCH', '/settings', { deactivateAfterMs: 1, retryDelaysMs: [20, 20, 20] });
    const failing = await startReceiver((response) => response.writeHead(500).end());
    const id = await harness.webhook(documentedListId, failing.url);
    await harness.control('POST', '/deliveries', {});
    const report = await harness.report(({ type }) => type === 'webhook-deactivated');
    assert.deepEqual(report, { type: 'webhook-deactivated', webhookId: id, listId: documentedListId });
    assert.equal(failing.received.length, 2);
    const { body } = await harness.api('GET', `/lists/${documentedListId}/webhooks.json`);
    assert.equal((body as { Status: string }[])[0]!.Status, 'Inactive');
    assert.equal((await log())[0]!.state, 'failed');
    const nobody = await harness.control('POST', '/deliveries', {});
    assert.equal(nobody.status, 409);
    await failing.close();
  });

  it('that wait are discarded with their webhook', async () => {
    let release: () => void = () => undefined;
    const slow = await startReceiver((response) => (release = () => response.end()));
    const id = await harness.webhook(documentedListId, slow.url);
    await harness.control('POST', '/deliveries', { count: 2 });
    await slow.count(1);
    await harness.api('DELETE', `/lists/${documentedListId}/webhooks/${id}.json`);
    release();
    await harness.report(settled('delivered', 1));
    assert.deepEqual(
      (await log()).map(({ state, attempts }) => [state, attempts.length]),
      [
        ['discarded', 0],
        ['delivered', 1],
      ],
    );
    assert.equal(slow.received.length, 1);
    await slow.close();
  });
});

describe("the sandbox's controls", () => {
  let harness: Harness;
  before(async () => (harness = await startHarness()));
  after(() => harness.close());

  it('show what the sandbox holds', async () => {
    const { status, body } = await harness.control('GET', '');
    assert.equal(status, 200);
    const overview = body as { apiKey: string; lists: unknown[]; oauthApps: unknown[]; timer: null };
    assert.equal(overview.apiKey, 'sandbox-api-key');
    assert.deepEqual([overview.lists.length, overview.oauthApps.length, overview.timer], [5, 4, null]);
  });

  for (const [method, path, body, named] of [
    ['POST', '/deliveries', { types: ['Bounce'] }, /types/],
    ['POST', '/deliveries', { batch: 1001 }, /batch/],
    ['POST', '/deliveries', { count: 10_000, batch: 1000 }, /100000 events/],
    ['POST', '/deliveries', { url: 'file:///etc/passwd' }, /url/],
    ['POST', '/deliveries', { format: 'xml' }, /format/],
    ['POST', '/deliveries', { numbr: 1 }, /numbr/],
    ['POST', '/deliveries', 'nonsense', /JSON/],
    ['POST', '/timer', { everyMs: 1 }, /everyMs/],
    ['POST', '/timer', {}, /everyMs/],
    ['PATCH', '/settings', { retryDelaysMs: 'soon' }, /retryDelaysMs/],
    ['POST', '/rate-limit', { times: 0 }, /times/],
    ['POST', '/failures', { at: 'everywhere' }, /at/],
    ['POST', '/tokens', { scopes: ['Everything'] }, /scopes/],
    ['POST', '/tokens/expire', { which: 'all' }, /which/],
    ['POST', '/oauth-apps', { redirectUri: 'javascript:alert(1)' }, /redirectUri/],
    ['GET', '/deliveries?limit=none', undefined, /limit/],
  ] as const) {
    it(`answer 400 and name what is wrong in ${method} ${path} with ${body === undefined ? 'no body' : JSON.stringify(body)}`, async () => {
      const answer = await harness.control(method, path, body);
      assert.equal(answer.status, 400);
      const { error, next } = answer.body as { error: string; next: string };
      assert.match(error, named);
      assert.ok(next);
    });
  }

  it('are all named by GET /sandbox, and exist', async () => {
    const { controls } = (await harness.control('GET', '')).body as { controls: Record<string, string> };
    assert.ok(Object.keys(controls).length >= 15);
    for (const name of Object.keys(controls)) {
      const [method = '', path = ''] = name.split(' ');
      const own = path.replace('/sandbox', '').replace('{listId}', documentedListId);
      assert.notEqual((await harness.control(method, own, method === 'GET' ? undefined : '{}')).status, 404, name);
    }
    await harness.control('DELETE', '/timer');
  });
});
