/** Each call of createsend-node that a handler of webhooks, or a test of one, makes. */
import assert from 'node:assert/strict';
import { documentedListId, type DeliveryBody } from '../../src/campaign-monitor/samples.ts';
import { sandboxClients, sandboxLists } from '../../src/sandbox/campaign-monitor/accounts.ts';
import { ask, createSend, refusal, type CreateSend } from './createsend.ts';
import { startHarness, type Harness } from './harness.ts';
import { startReceiver, type Receiver } from './receiver.ts';

const [firstClient, otherClient] = sandboxClients;
const vendorDate = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:00$/;

interface Page {
  readonly Results: readonly { EmailAddress: string; State: string }[];
  readonly TotalNumberOfRecords: number;
}

describe('createsend-node', () => {
  let harness: Harness;
  let receiver: Receiver;
  let client: CreateSend;
  beforeEach(async () => {
    harness = await startHarness();
    receiver = await startReceiver();
    client = createSend(harness.sandbox);
  });
  afterEach(async () => {
    await harness.close();
    await receiver.close();
  });

  const addressesOf = async (state: string, listId: string = documentedListId): Promise<string[]> => {
    const { Results } = (await ask(client.lists, `get${state}Subscribers`, listId, {})) as Page;
    return Results.map(({ EmailAddress }) => EmailAddress);
  };
  const posted = async (total: number): Promise<string[][]> =>
    (await receiver.count(total)).flatMap(({ body }) =>
      (JSON.parse(body) as DeliveryBody).Events.map(({ Type, EmailAddress }) => [Type, EmailAddress]),
    );

  it('makes a list with fields, and reads them', async () => {
    const clientId = otherClient!.clientId;
    const made = (await ask(client.lists, 'createList', clientId, {
      Title: 'Staging',
      UnsubscribePage: 'https://example.org/left',
      UnsubscribeSetting: 'OnlyThisList',
      ConfirmedOptIn: false,
      ConfirmationSuccessPage: '',
    })) as { listId: string };
    assert.match(made.listId, /^[0-9a-f]{32}$/);
    assert.deepEqual(await ask(client.lists, 'getListDetails', made.listId), {
      ConfirmedOptIn: false,
      Title: 'Staging',
      UnsubscribePage: 'https://example.org/left',
      UnsubscribeSetting: 'OnlyThisList',
      ListID: made.listId,
      ConfirmationSuccessPage: '',
    });
    const field = { FieldName: 'subscription date', DataType: 'Date', Options: [], VisibleInPreferenceCenter: false };
    assert.equal(await ask(client.lists, 'createCustomField', made.listId, field), '[subscriptiondate]');
    const choice = { FieldName: 'format', DataType: 'MultiSelectOne', Options: ['plain', 'rich'] };
    assert.equal(await ask(client.lists, 'createCustomField', made.listId, choice), '[format]');
    const renamed = { FieldName: 'kind of mail', VisibleInPreferenceCenter: true };
    assert.equal(await ask(client.lists, 'updateCustomField', made.listId, '[format]', renamed), '[kindofmail]');
    const options = { Options: ['none'], KeepExistingOptions: true };
    await ask(client.lists, 'updateCustomFieldOptions', made.listId, '[kindofmail]', options);
    assert.deepEqual(await ask(client.lists, 'getCustomFields', made.listId), [
      {
        FieldName: 'subscription date',
        Key: '[subscriptiondate]',
        DataType: 'Date',
        FieldOptions: [],
        VisibleInPreferenceCenter: false,
      },
      {
        FieldName: 'kind of mail',
        Key: '[kindofmail]',
        DataType: 'MultiSelectOne',
        FieldOptions: ['plain', 'rich', 'none'],
        VisibleInPreferenceCenter: true,
      },
    ]);
    await ask(client.lists, 'deleteCustomField', made.listId, '[kindofmail]');
    assert.equal(((await ask(client.lists, 'getCustomFields', made.listId)) as unknown[]).length, 1);
    await ask(client.lists, 'updateList', made.listId, { Title: 'Staging 2' });
    assert.deepEqual(await ask(client.clients, 'getLists', clientId), [
      ...sandboxLists.filter((list) => list.clientId === clientId).map((l) => ({ ListID: l.listId, Name: l.title })),
      { ListID: made.listId, Name: 'Staging 2' },
    ]);
    assert.deepEqual(await ask(client.lists, 'getSegments', made.listId), []);
    await ask(client.lists, 'deleteList', made.listId);
    assert.deepEqual(await refusal(client.lists, 'getListDetails', made.listId), {
      Code: 101,
      Message: 'Invalid ListID',
    });
  });

  it('takes a subscriber from sign-up to deletion, and reads it back at each step', async () => {
    await ask(client.lists, 'createWebhook', documentedListId, {
      Events: ['Subscribe', 'Update', 'Deactivate'],
      Url: receiver.url,
      PayloadFormat: 'json',
    });
    const details = async (email: string): Promise<Record<string, unknown>> =>
      (await ask(client.subscribers, 'getSubscriberDetails', documentedListId, email)) as Record<string, unknown>;
    await ask(client.subscribers, 'addSubscriber', documentedListId, {
      EmailAddress: 'Ada@example.org',
      Name: 'Ada',
      CustomFields: [
        { Key: '[interests]', Value: 'Poetry' },
        { Key: '[interests]', Value: 'Crime' },
        { Key: 'orders', Value: 7 },
      ],
    });
    const { Date: since, ListJoinedDate: joined, ...added } = await details('ada@example.org');
    assert.match(String(since), vendorDate);
    assert.match(String(joined), vendorDate);
    assert.deepEqual(added, {
      EmailAddress: 'Ada@example.org',
      Name: 'Ada',
      State: 'Active',
      CustomFields: [
        { Key: 'interests', Value: 'Poetry' },
        { Key: 'interests', Value: 'Crime' },
        { Key: 'orders', Value: '7' },
      ],
      ReadsEmailWith: '',
    });
    assert.deepEqual(await ask(client.subscribers, 'getSubscriberHistory', documentedListId, 'ada@example.org'), []);

    await ask(client.subscribers, 'updateSubscriber', documentedListId, 'ada@example.org', {
      EmailAddress: 'ada.l@example.org',
      CustomFields: [
        { Key: 'orders', Value: '', Clear: true },
        { Key: 'interests', Value: 'Crime' },
      ],
    });
    const updated = await details('ada.l@example.org');
    assert.deepEqual([updated['Name'], updated['CustomFields']], ['Ada', [{ Key: 'interests', Value: 'Crime' }]]);
    assert.deepEqual(await refusal(client.subscribers, 'getSubscriberDetails', documentedListId, 'ada@example.org'), {
      Code: 203,
      Message: 'Subscriber not in list or has already been removed.',
    });

    assert.deepEqual(
      await ask(client.subscribers, 'import', documentedListId, {
        Subscribers: [{ EmailAddress: 'bo@example.org' }, { EmailAddress: 'ada.l@example.org', Name: 'Ada L.' }],
        Resubscribe: false,
      }),
      {
        FailureDetails: [],
        TotalUniqueEmailsSubmitted: 2,
        TotalExistingSubscribers: 1,
        TotalNewSubscribers: 1,
        DuplicateEmailsInSubmission: [],
      },
    );
    assert.ok((await addressesOf('Active')).includes('bo@example.org'));
    await ask(client.subscribers, 'unsubscribeSubscriber', documentedListId, 'ada.l@example.org');
    assert.deepEqual(await addressesOf('Unsubscribed'), ['ada.l@example.org']);
    assert.equal((await details('ada.l@example.org'))['State'], 'Unsubscribed');
    await ask(client.subscribers, 'deleteSubscriber', documentedListId, 'bo@example.org');
    assert.deepEqual(await addressesOf('Deleted'), ['bo@example.org']);
    assert.equal((await details('bo@example.org'))['State'], 'Deleted');
    await harness.control('POST', `/lists/${documentedListId}/bounce`, { email: (await addressesOf('Active'))[0] });
    const [bounced = ''] = await addressesOf('Bounced');

    assert.deepEqual(await posted(6), [
      ['Subscribe', 'Ada@example.org'],
      ['Update', 'ada.l@example.org'],
      ['Subscribe', 'bo@example.org'],
      ['Update', 'ada.l@example.org'],
      ['Deactivate', 'ada.l@example.org'],
      ['Deactivate', 'bo@example.org'],
      ['Deactivate', bounced],
    ]);
    const stats = (await ask(client.lists, 'getStats', documentedListId)) as Record<string, number>;
    assert.deepEqual(
      [
        stats['TotalActiveSubscribers'],
        stats['TotalUnsubscribes'],
        stats['UnsubscribesThisYear'],
        stats['TotalDeleted'],
        stats['TotalBounces'],
        Object.keys(stats).length,
      ],
      [2, 1, 1, 1, 1, 24],
    );
    assert.deepEqual(
      ((await ask(client.clients, 'getListsForEmail', firstClient!.clientId, 'BO@example.org')) as object[]).map(
        (each) => ({ ...each, DateSubscriberAdded: '' }),
      ),
      [{ ListID: documentedListId, ListName: 'Newsletter', SubscriberState: 'Deleted', DateSubscriberAdded: '' }],
    );
  });

  it('reads what a subscriber did with campaigns', async () => {
    const [email = ''] = (await addressesOf('Active')).slice(-1);
    const history = `/lists/${documentedListId}/history`;
    for (const order of [
      { email, campaign: 'Sale', event: 'Open' },
      { email, campaign: 'Sale', event: 'Click', detail: 'https://example.org/sale', ipAddress: '2001:db8::1' },
    ]) {
      assert.equal((await harness.control('POST', history, order)).status, 204);
    }
    const [sale] = (await ask(client.subscribers, 'getSubscriberHistory', documentedListId, email)) as {
      ID: string;
      Actions: { Date: string }[];
    }[];
    assert.match(sale!.ID, /^[0-9a-f]{32}$/);
    for (const { Date: date } of sale!.Actions) assert.match(date, vendorDate);
    assert.deepEqual(
      { ...sale, ID: '', Actions: sale!.Actions.map((action) => ({ ...action, Date: '' })) },
      {
        ID: '',
        Type: 'Campaign',
        Name: 'Sale',
        Actions: [
          { Event: 'Click', Date: '', IPAddress: '2001:db8::1', Detail: 'https://example.org/sale' },
          { Event: 'Open', Date: '', IPAddress: '192.0.2.1', Detail: '' },
        ],
      },
    );
  });

  it('reads page after page', async () => {
    const Subscribers = Array.from({ length: 25 }, (_, i) => ({ EmailAddress: `z${100 + i}@example.org` }));
    const list = sandboxLists[1]!.listId;
    await ask(client.subscribers, 'import', list, { Subscribers, Resubscribe: false });
    const seen: string[] = [];
    for (let page = 1; page <= 3; page++) {
      const filter = { page, pagesize: 10, orderfield: 'email', orderdirection: 'desc', date: '' };
      const { Results, ...rest } = (await ask(client.lists, 'getActiveSubscribers', list, filter)) as Page;
      assert.deepEqual(rest, {
        ResultsOrderedBy: 'email',
        OrderDirection: 'desc',
        PageNumber: page,
        PageSize: 10,
        RecordsOnThisPage: page === 3 ? 8 : 10,
        TotalNumberOfRecords: 28,
        NumberOfPages: 3,
      });
      seen.push(...Results.map(({ EmailAddress }) => EmailAddress));
    }
    assert.equal(new Set(seen).size, 28);
    assert.equal(seen[0], 'z124@example.org');
  });

  it('makes, lists, tests and deletes webhooks', async () => {
    const webhook = { Events: ['Subscribe'], Url: receiver.url, PayloadFormat: 'json' };
    const id = await ask(client.lists, 'createWebhook', documentedListId, webhook);
    assert.deepEqual(await ask(client.lists, 'getWebhooks', documentedListId), [
      { WebhookID: id, Events: ['Subscribe'], Url: receiver.url, Status: 'Active', PayloadFormat: 'Json' },
    ]);
    await ask(client.lists, 'testWebhook', documentedListId, id);
    assert.equal(receiver.received.length, 1);
    await ask(client.lists, 'activateWebhook', documentedListId, id);
    assert.deepEqual(
      await refusal(client.lists, 'createWebhook', documentedListId, { ...webhook, Events: ['Bounce'] }),
      { Code: 603, Message: 'Invalid Webhook Event' },
    );
    await ask(client.lists, 'deleteWebhook', documentedListId, id);
    assert.deepEqual(await ask(client.lists, 'getWebhooks', documentedListId), []);
  });

  it('is told the code of what is wrong', async () => {
    const { clientId } = firstClient!;
    const field = { FieldName: 'x', DataType: 'Text' };
    for (const [code, part, name, ...args] of [
      [1, 'subscribers', 'addSubscriber', documentedListId, { EmailAddress: 'nobody' }],
      [1, 'subscribers', 'getSubscriberDetails', documentedListId, 'nobody'],
      [203, 'subscribers', 'getSubscriberHistory', documentedListId, 'nobody@example.org'],
      [203, 'subscribers', 'unsubscribeSubscriber', documentedListId, 'nobody@example.org'],
      [210, 'subscribers', 'import', documentedListId, { Subscribers: [{ EmailAddress: 'x' }] }],
      [212, 'subscribers', 'import', documentedListId, { Subscribers: [] }],
      [102, 'lists', 'createList', 'none', { Title: 'x' }],
      [250, 'lists', 'createList', clientId, { Title: 'NEWSLETTER' }],
      [251, 'lists', 'createList', clientId, { Title: ' ' }],
      [261, 'lists', 'createList', clientId, { Title: 'x', UnsubscribeSetting: 'Everywhere' }],
      [253, 'lists', 'deleteCustomField', documentedListId, 'website'],
      [254, 'lists', 'createCustomField', documentedListId, { ...field, FieldName: '' }],
      [255, 'lists', 'createCustomField', documentedListId, { ...field, FieldName: 'Web site' }],
      [256, 'lists', 'createCustomField', documentedListId, { ...field, Options: ['a'] }],
      [257, 'lists', 'createCustomField', documentedListId, { ...field, DataType: 'MultiSelectMany' }],
      [259, 'lists', 'createCustomField', documentedListId, { ...field, DataType: 'Time' }],
      [5, 'lists', 'getDeletedSubscribers', documentedListId, { date: 'yesterday' }],
      [800, 'lists', 'getBouncedSubscribers', documentedListId, { page: 0 }],
      [801, 'lists', 'getUnconfirmedSubscribers', documentedListId, { pagesize: 5 }],
      [802, 'lists', 'getActiveSubscribers', documentedListId, { orderfield: 'state' }],
      [803, 'lists', 'getUnsubscribedSubscribers', documentedListId, { orderdirection: 'up' }],
    ] as const) {
      const refused = (await refusal(client[part], name, ...args)) as { Code: number; Message: string };
      assert.equal(refused.Code, code, `${name}: ${JSON.stringify(refused)}`);
      assert.ok(refused.Message.length > 5);
    }
  });
});
