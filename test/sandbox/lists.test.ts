/** The sandbox's lists, fields and subscribers, as the API makes, changes and reads them. */
import assert from 'node:assert/strict';
import { documentedListId } from '../../src/campaign-monitor/samples.ts';
import { sandboxClients } from '../../src/sandbox/campaign-monitor/accounts.ts';
import { listStats } from '../../src/sandbox/campaign-monitor/lists.ts';
import { SubscriberList, addSubscriber } from '../../src/sandbox/campaign-monitor/subscribers.ts';
import { call, keyHeader, startHarness, type Answer, type Harness } from './harness.ts';
import { platformOf } from './open-connectors/platform.ts';
import { startReceiver, type Receiver } from './receiver.ts';

const clientId = sandboxClients[0]!.clientId;
const lists = `/lists/${documentedListId}`;
const subscribers = `/subscribers/${documentedListId}`;

interface Page {
  readonly Results: readonly Record<string, unknown>[];
  readonly TotalNumberOfRecords: number;
}

function codeOf({ status, body }: Answer): unknown[] {
  return [status, (body as { Code?: number } | undefined)?.Code];
}

describe("the sandbox's lists and subscribers", () => {
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

  const subscriber = async (email: string, more = ''): Promise<Record<string, unknown>> =>
    (await harness.api('GET', `${subscribers}.json?email=${encodeURIComponent(email)}${more}`)).body as Record<
      string,
      unknown
    >;
  const page = async (path: string): Promise<Page> => (await harness.api('GET', lists + path)).body as Page;
  const hookId = async (): Promise<string> =>
    ((await harness.api('GET', `${lists}/webhooks.json`)).body as { WebhookID: string }[])[0]!.WebhookID;
  const newList = async (title: string, more: object = {}): Promise<string> => {
    const answer = await harness.api('POST', `/lists/${clientId}.json`, { Title: title, ...more });
    assert.equal(answer.status, 201, answer.text);
    return answer.body as string;
  };

  it('are the same at each version of the API, and there is no other', async () => {
    const base = `http://127.0.0.1:${harness.sandbox.port}/api`;
    const added = { EmailAddress: 'old@example.org' };
    assert.equal((await call('POST', `${base}/v3${subscribers}.json`, added, keyHeader)).status, 201);
    for (const version of ['v3', 'v3.1', 'v3.2', 'v3.3']) {
      const answer = await call(
        'GET',
        `${base}/${version}${subscribers}.json?email=old@example.org`,
        undefined,
        keyHeader,
      );
      assert.deepEqual([answer.status, (answer.body as { State: string }).State], [200, 'Active'], version);
      assert.deepEqual(codeOf(await call('GET', `${base}/${version}/none.json`)), [401, 100]);
    }
    assert.deepEqual((await harness.control('GET', '/calls')).body, {
      'POST /subscribers/:listId.json': 1,
      'GET /subscribers/:listId.json': 4,
    });
    for (const version of ['v2', 'v4', 'v3.4', 'v3x3']) {
      assert.equal((await call('GET', `${base}/${version}/clients.json`, undefined, keyHeader)).status, 404, version);
    }
  });

  it('answer preferences and numbers where they are asked for', async () => {
    const added = {
      EmailAddress: 'ada@example.org',
      ConsentToTrack: 'No',
      MobileNumber: '+491711234567',
      ConsentToSendSms: 'Yes',
    };
    await harness.api('POST', `${subscribers}.json`, added);
    const plain = await subscriber('ada@example.org');
    assert.equal(plain['MobileNumber'], '+491711234567');
    assert.ok(!('ConsentToTrack' in plain) && !('ConsentToSendSms' in plain));
    const asked = '&includeTrackingPreference=True&IncludeSmsPreference=true';
    const whole = await subscriber('ada@example.org', asked);
    assert.deepEqual([whole['ConsentToTrack'], whole['ConsentToSendSms']], ['No', 'Yes']);
    const changed = { ConsentToTrack: 'Unchanged', Name: 'Ada', ConsentToSendSms: 'No' };
    await harness.api('PUT', `${subscribers}.json?email=ada@example.org`, changed);
    const after = await subscriber('ada@example.org', asked);
    assert.deepEqual([after['ConsentToTrack'], after['ConsentToSendSms'], after['Name']], ['No', 'No', 'Ada']);
    const { Results } = await page(`/active.json?includetrackingpreference=true&includesmspreference=true`);
    const row = Results.find(({ EmailAddress }) => EmailAddress === 'ada@example.org');
    assert.deepEqual(row, after);
    assert.ok(Results.every((each) => 'ConsentToTrack' in each));
    assert.equal(Results.filter((each) => 'ConsentToSendSms' in each).length, 1);
  });

  it('refuse what the vendor refuses of a subscriber, and change nothing', async () => {
    await harness.webhook(documentedListId, receiver.url);
    await harness.api('POST', `${subscribers}.json`, { EmailAddress: 'ada@example.org' });
    await harness.api('POST', `${subscribers}.json`, { EmailAddress: 'bo@example.org' });
    const put = `${subscribers}.json?email=ada@example.org`;
    for (const [method, path, body, code] of [
      ['PUT', put, { EmailAddress: 'BO@example.org' }, 201],
      ['PUT', put, { EmailAddress: 'nobody' }, 211],
      ['PUT', put, { ConsentToTrack: 'Perhaps' }, 215],
      ['PUT', put, { MobileNumber: '0171 1234567' }, 220],
      ['POST', `${subscribers}.json`, { EmailAddress: 'cy@example.org', MobileNumber: '1' }, 220],
      ['POST', `${subscribers}.json`, { EmailAddress: 'cy', MobileNumber: '1' }, 221],
      ['POST', `${subscribers}.json`, { EmailAddress: 'cy@example.org', ConsentToTrack: true }, 215],
    ] as const) {
      assert.deepEqual(codeOf(await harness.api(method, path, body)), [400, code]);
    }
    assert.equal((await page('/active.json')).TotalNumberOfRecords, 5);
    assert.equal((await receiver.count(2)).length, 2);
    // An address that somebody gave up is free.
    await harness.api('DELETE', `${subscribers}.json?email=bo@example.org`);
    assert.equal((await harness.api('PUT', put, { EmailAddress: 'bo@example.org' })).status, 200);
    assert.equal((await subscriber('bo@example.org'))['State'], 'Active');
  });

  it('change one who has left too, and take it back where that is asked for', async () => {
    await harness.webhook(documentedListId, receiver.url);
    const input = { EmailAddress: 'ada@example.org' };
    await harness.api('POST', `${subscribers}.json`, input);
    await harness.api('POST', `${subscribers}/unsubscribe.json`, input);
    const put = `${subscribers}.json?email=ada@example.org`;
    assert.equal((await harness.api('PUT', put, { Name: 'Ada' })).status, 200);
    const left = await subscriber('ada@example.org');
    assert.deepEqual([left['State'], left['Name']], ['Unsubscribed', 'Ada']);
    assert.equal((await harness.api('PUT', put, { Resubscribe: true })).status, 200);
    assert.equal((await subscriber('ada@example.org'))['State'], 'Active');
    await harness.api('PUT', put, { Resubscribe: true });
    const events = (await receiver.count(5)).map(
      ({ body }) => (JSON.parse(body) as { Events: { Type: string; State?: string }[] }).Events[0],
    );
    assert.deepEqual(
      events.map((event) => [event?.Type, event?.State]),
      [
        ['Subscribe', undefined],
        ['Deactivate', 'Unsubscribed'],
        ['Update', 'Unsubscribed'],
        ['Subscribe', undefined],
        ['Update', 'Active'],
      ],
    );
  });

  it('fire Subscribe when they are active again, or Update where the sandbox is told to, whichever call it was', async () => {
    await harness.webhook(documentedListId, receiver.url, ['Subscribe', 'Update']);
    const input = { EmailAddress: 'ada@example.org', Resubscribe: true };
    const put = `${subscribers}.json?email=ada@example.org`;
    const comeBack = async (): Promise<void> => {
      for (const [method, path, body] of [
        ['POST', `${subscribers}.json`, input],
        ['PUT', put, { Resubscribe: true }],
        ['POST', `${subscribers}/import.json`, { Subscribers: [input], Resubscribe: true }],
      ] as const) {
        await harness.api('POST', `${subscribers}/unsubscribe.json`, input);
        const { status } = await harness.api(method, path, body);
        assert.ok(status < 300, `${method} ${path}: ${status}`);
      }
    };
    await harness.api('POST', `${subscribers}.json`, input);
    await comeBack();
    assert.equal((await harness.control('PATCH', '/settings', { activeAgain: 'Update' })).status, 200);
    await comeBack();
    const types = (await receiver.count(7)).map(
      ({ body }) => (JSON.parse(body) as { Events: { Type: string; State?: string }[] }).Events[0],
    );
    assert.deepEqual(
      types.map((event) => event?.Type),
      ['Subscribe', 'Subscribe', 'Subscribe', 'Subscribe', 'Update', 'Update', 'Update'],
    );
    assert.ok(types.slice(4).every((event) => event?.State === 'Active'));
  });

  it('can be read only some time after the API has added them, where the sandbox is told so', async () => {
    const email = 'ada@example.org';
    const read = async (): Promise<unknown[]> => [
      codeOf(await harness.api('GET', `${subscribers}.json?email=${email}`)),
      codeOf(await harness.api('GET', `${subscribers}/history.json?email=${email}`)),
      (await page('/active.json')).Results.some(({ EmailAddress }) => EmailAddress === email),
      ((await harness.api('GET', `/clients/${clientId}/listsforemail.json?email=${email}`)).body as unknown[]).length,
    ];
    const before = Date.now();
    await harness.control('PATCH', '/settings', { readableAfterMs: 600_000 });
    await harness.api('POST', `${subscribers}.json`, { EmailAddress: email });
    assert.deepEqual(await read(), [[400, 203], [400, 203], false, 0]);
    // It is there all the same: what changes it finds it, and it fires its event.
    assert.equal((await harness.api('PUT', `${subscribers}.json?email=${email}`, { Name: 'Ada' })).status, 200);
    const kept = (await harness.control('GET', `/lists/${documentedListId}/subscribers`)).body as {
      email: string;
      name: string;
      readableFrom: number;
    }[];
    const ada = kept.find((each) => each.email === email);
    assert.equal(ada?.name, 'Ada');
    assert.ok(ada.readableFrom >= before + 600_000 && ada.readableFrom <= Date.now() + 600_000);

    await harness.control('PATCH', '/settings', { readableAfterMs: 0 });
    await harness.api('POST', `${subscribers}.json`, { EmailAddress: 'bo@example.org' });
    assert.equal((await subscriber('bo@example.org'))['State'], 'Active');
    assert.deepEqual((await read())[0], [400, 203]);
  });

  it('ask for consent as the vendor does, where they are told to', async () => {
    assert.equal((await harness.control('PATCH', '/settings', { consentToTrack: 'required' })).status, 200);
    const base = `http://127.0.0.1:${harness.sandbox.port}/api`;
    const input = { EmailAddress: 'ada@example.org' };
    const add = (version: string, body: unknown): Promise<Answer> =>
      call('POST', `${base}/${version}${subscribers}.json`, body, keyHeader);
    for (const version of ['v3.2', 'v3.3']) assert.deepEqual(codeOf(await add(version, input)), [400, 214], version);
    for (const version of ['v3', 'v3.1']) assert.equal((await add(version, input)).status, 201, version);
    assert.equal((await add('v3.3', { ...input, ConsentToTrack: 'Unchanged' })).status, 201);
    const many = { Subscribers: [{ ...input, ConsentToTrack: 'Yes' }, { EmailAddress: 'bo@example.org' }] };
    assert.deepEqual(codeOf(await harness.api('POST', `${subscribers}/import.json`, many)), [400, 214]);
  });

  it('keep the values of a field that is renamed, and lose those of one that is deleted', async () => {
    await harness.webhook(documentedListId, receiver.url, ['Update']);
    const CustomFields = [
      { Key: 'Orders', Value: 3 },
      { Key: '[website]', Value: 'https://example.org' },
      { Key: 'of no field', Value: 'x' },
    ];
    await harness.api('POST', `${subscribers}.json`, { EmailAddress: 'ada@example.org', CustomFields });
    const key = encodeURIComponent('[ORDERS]');
    const renamed = await harness.api('PUT', `${lists}/customfields/${key}.json`, { FieldName: 'Number of orders' });
    assert.deepEqual([renamed.status, renamed.body], [200, '[Numberoforders]']);
    const website = encodeURIComponent('[website]');
    assert.equal((await harness.api('DELETE', `${lists}/customfields/${website}.json`)).status, 200);
    assert.deepEqual((await subscriber('ada@example.org'))['CustomFields'], [
      { Key: 'Number of orders', Value: '3' },
      { Key: 'of no field', Value: 'x' },
    ]);
    for (const each of (await page('/active.json')).Results) {
      const keys = (each['CustomFields'] as { Key: string }[]).map(({ Key }) => Key);
      assert.ok(!keys.includes('orders') && !keys.includes('website'), keys.join());
    }
    const update = { CustomFields: [{ Key: '[numberoforders]', Value: 4 }] };
    await harness.api('PUT', `${subscribers}.json?email=ada@example.org`, update);
    const [post] = await receiver.count(1);
    assert.match(post!.body, /\{"Key":"Number of orders","Value":"4"\}/);
    assert.deepEqual(codeOf(await harness.api('DELETE', `${lists}/customfields/${key}.json`)), [400, 253]);
    const taken = { FieldName: 'birth day' };
    assert.deepEqual(
      codeOf(await harness.api('PUT', `${lists}/customfields/${encodeURIComponent('[Company]')}.json`, taken)),
      [400, 255],
    );
    const options = `${lists}/customfields/${encodeURIComponent('[Company]')}/options.json`;
    assert.deepEqual(codeOf(await harness.api('PUT', options, { Options: ['a'] })), [400, 256]);
    const interests = `${lists}/customfields/${encodeURIComponent('[interests]')}/options.json`;
    assert.deepEqual(codeOf(await harness.api('PUT', interests, { Options: [] })), [400, 257]);
    assert.equal((await harness.api('PUT', interests, { Options: ['Chess', 'Chess'] })).status, 200);
    const fields = (await harness.api('GET', `${lists}/customfields.json`)).body as { FieldOptions: string[] }[];
    assert.deepEqual(fields.at(-1)?.FieldOptions, ['Chess']);
  });

  it('are gone with their webhooks and subscribers when they are deleted', async () => {
    const listId = await newList('Short-lived');
    await harness.webhook(listId, receiver.url);
    await harness.api('POST', `/subscribers/${listId}.json`, { EmailAddress: 'ada@example.org' });
    await receiver.count(1);
    const { lists: shown } = (await harness.control('GET', '')).body as { lists: object[] };
    assert.deepEqual(shown.at(-1), { listId, clientId, title: 'Short-lived' });
    assert.equal((await harness.control('GET', `/lists/${listId}/subscribers`)).status, 200);

    const platform = platformOf(harness);
    const { id } = await platform.create({ 'events.list.ids': listId });
    assert.equal((await platform.webhooks(listId)).length, 2);
    assert.equal((await harness.api('DELETE', `/lists/${listId}.json`)).status, 200);
    assert.deepEqual(codeOf(await harness.api('GET', `/lists/${listId}/active.json`)), [400, 101]);
    assert.equal((await harness.control('GET', `/lists/${listId}/subscribers`)).status, 404);
    assert.equal((await platform.api('GET', `/instances/${id}`)).status, 200);
    const again = await newList('Short-lived');
    assert.notEqual(again, listId);
    assert.deepEqual((await harness.api('GET', `/lists/${again}/webhooks.json`)).body, []);
  });

  it('are changed with the permission to do so alone', async () => {
    const headers = async (scope: string): Promise<Record<string, string>> => {
      const { body } = await harness.control('POST', '/tokens', { scopes: [scope] });
      return { authorization: `Bearer ${(body as { access_token: string }).access_token}` };
    };
    const reader = await headers('ViewSubscribersInReports');
    assert.equal((await harness.api('GET', `${lists}/active.json`, undefined, reader)).status, 200);
    const stranger = await headers('ViewReports');
    for (const [method, path, by] of [
      ['POST', `/lists/${clientId}.json`, reader],
      ['PUT', `${lists}.json`, reader],
      ['DELETE', `${lists}.json`, reader],
      ['POST', `${lists}/customfields.json`, reader],
      ['POST', `${subscribers}.json`, reader],
      ['GET', `${lists}/bounced.json`, stranger],
      ['GET', `${subscribers}.json?email=a@example.org`, stranger],
      ['GET', `${subscribers}/history.json?email=a@example.org`, stranger],
      ['GET', `/clients/${clientId}/listsforemail.json?email=a@example.org`, stranger],
    ] as const) {
      const answer = await harness.api(method, path, method === 'GET' ? undefined : '{}', by);
      assert.deepEqual(codeOf(answer), [401, 60], `${method} ${path}`);
    }
    assert.equal((await harness.api('GET', `${lists}.json`, undefined, stranger)).status, 200);
  });

  it('know what sample deliveries have told', async () => {
    await harness.webhook(documentedListId, receiver.url);
    const before = (await page('/active.json')).TotalNumberOfRecords;
    const order = { types: ['Subscribe', 'Update', 'Deactivate'], count: 2, batch: 30, mixed: true, seed: 3 };
    assert.equal((await harness.control('POST', '/deliveries', order)).status, 202);
    const events = (await receiver.count(2)).flatMap(
      ({ body }) => (JSON.parse(body) as { Events: Record<string, unknown>[] }).Events,
    );
    assert.equal(events.length, 60);
    for (const event of events) {
      const read = await subscriber(String(event['EmailAddress']));
      assert.deepEqual(
        [read['State'], read['Name'], read['CustomFields'], read['Date']],
        [event['State'] ?? 'Active', event['Name'], event['CustomFields'], event['Date']],
      );
      const old = event['OldEmailAddress'] ?? event['EmailAddress'];
      if (old !== event['EmailAddress']) assert.equal((await subscriber(String(old)))['Code'], 203);
    }
    assert.ok((await page('/active.json')).TotalNumberOfRecords > before + 20);

    // One person through all of it.
    for (const type of ['Subscribe', 'Deactivate']) {
      await harness.control('POST', '/deliveries', { types: [type], email: 'me@example.org' });
      assert.equal((await subscriber('me@example.org'))['State'] === 'Active', type === 'Subscribe');
    }
    // What nobody wants has not happened; what is posted to a URL has, on a list that there is.
    await harness.api('DELETE', `/lists/${documentedListId}/webhooks/${await hookId()}.json`);
    const lost = { types: ['Subscribe'], email: 'lost@example.org' };
    assert.equal((await harness.control('POST', '/deliveries', lost)).status, 409);
    assert.equal((await subscriber('lost@example.org'))['Code'], 203);
    assert.equal((await harness.control('POST', '/deliveries', { ...lost, url: receiver.url })).status, 202);
    assert.equal((await subscriber('lost@example.org'))['State'], 'Active');
    const elsewhere = { ...lost, url: receiver.url, listId: 'f'.repeat(32) };
    assert.equal((await harness.control('POST', '/deliveries', elsewhere)).status, 202);
  });
});

describe('the page of subscribers in a state', () => {
  function listOf(...people: readonly (readonly [email: string, name: string, since: string])[]): SubscriberList {
    const list = new SubscriberList();
    for (const [email, name, since] of people) {
      addSubscriber(list, { EmailAddress: email, Name: name }, false);
      list.put({ ...list.get(email)!, stateSince: since });
    }
    return list;
  }

  it('is counted by day, week, month and year', () => {
    const stats = listStats(
      listOf(
        ['a@example.org', '', '2026-03-04 00:00:00'],
        ['b@example.org', '', '2026-03-03 23:59:00'],
        ['c@example.org', '', '2026-03-02 00:00:00'],
        ['d@example.org', '', '2026-03-01 23:59:00'],
        ['e@example.org', '', '2026-02-28 12:00:00'],
        ['f@example.org', '', '2025-12-31 23:59:00'],
      ),
      // A Wednesday.
      new Date('2026-03-04T12:00:00Z'),
    );
    assert.deepEqual(Object.entries(stats).slice(0, 6), [
      ['TotalActiveSubscribers', 6],
      ['NewActiveSubscribersToday', 1],
      ['NewActiveSubscribersYesterday', 1],
      ['NewActiveSubscribersThisWeek', 3],
      ['NewActiveSubscribersThisMonth', 4],
      ['NewActiveSubscribersThisYear', 5],
    ]);
  });
});
