import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { handlerNames, notificationOf, olderNotification, signed, startHandler } from './handler.ts';
import type { Handler, HandlerName, VendorEvent } from './handler.ts';
import { until } from '../relay/until.ts';

const key = 'MySecretEventSignatureKey';
const ann: VendorEvent = { Type: 'Subscribe', EmailAddress: 'ann@example.org' };
const bob: VendorEvent = { Type: 'Subscribe', EmailAddress: 'bob@example.org', Name: 'Bob Example' };

const subscribers = (count: number): VendorEvent[] =>
  Array.from({ length: count }, (_, i) => ({
    Type: 'Subscribe',
    EmailAddress: `person${i}@example.org`,
    Name: `Person ${i}`,
    CustomFields: [{ Key: 'city', Value: `A town whose name is long enough to be a town's, number ${i}` }],
  }));

/** What both do with the same; each fault of the wrong one is a line of its README. */
interface Trial {
  readonly title: string;
  /** The fault's number in the wrong handler's README. */
  readonly fault: number;
  readonly key?: string;
  readonly mailMs?: number;
  readonly run: (handler: Handler) => Promise<unknown>;
  readonly right: unknown;
  readonly wrong: unknown;
}

const trials: readonly Trial[] = [
  {
    fault: 1,
    title: 'a retry of a notification',
    run: async (handler) => {
      const notification = notificationOf([ann]);
      const first = await handler.post(notification);
      const second = await handler.post(notification);
      return [first.status, second.status, await handler.count()];
    },
    right: [200, 200, 1],
    wrong: [200, 200, 2],
  },
  {
    fault: 1,
    title: 'a delivery that comes twice, as two notifications',
    run: async (handler) => {
      await handler.post(notificationOf([ann]));
      await handler.post(notificationOf([ann]));
      return handler.count();
    },
    right: 1,
    wrong: 2,
  },
  {
    fault: 2,
    title: 'work that takes long',
    mailMs: 3_600_000,
    run: async (handler) => {
      let answered = false as boolean;
      handler.post(notificationOf([ann])).then(
        () => (answered = true),
        () => undefined,
      );
      await until(async () => (await handler.count()) === 1);
      // An answer that was given when the contact was there has been read by then.
      for (let asked = 0; asked < 20; asked += 1) await handler.count();
      return answered ? 'answered' : 'the contact is there, and no answer';
    },
    right: 'answered',
    wrong: 'the contact is there, and no answer',
  },
  {
    fault: 3,
    title: 'a notification with several events',
    run: async (handler) => {
      await handler.post(notificationOf([ann, bob]));
      return handler.count();
    },
    right: 2,
    wrong: 1,
  },
  {
    fault: 4,
    title: 'the second part of a delivery',
    run: async (handler) => {
      await handler.post(notificationOf([ann, bob], { from: 1, to: 2 }));
      return (await handler.contacts()).map(({ address, name }) => `${name} <${address}>`);
    },
    right: ['Bob Example <bob@example.org>'],
    wrong: ['Ann Example <bob@example.org>'],
  },
  {
    fault: 5,
    title: 'an event without a name',
    run: async (handler) => {
      const raw = JSON.stringify({ ListID: 'a', Events: [{ Type: 'Subscribe', EmailAddress: ann.EmailAddress }] });
      const { status } = await handler.post(notificationOf([ann], undefined, raw));
      return [status, await handler.count()];
    },
    right: [200, 1],
    wrong: [500, 1],
  },
  {
    fault: 6,
    title: 'the older shape',
    run: async (handler) => {
      const { status } = await handler.post(olderNotification('CREATED', ann.EmailAddress));
      return [status, await handler.count()];
    },
    right: [200, 1],
    wrong: [500, 0],
  },
  {
    fault: 7,
    title: 'a type that it does not know',
    run: async (handler) => (await handler.post(notificationOf([{ ...ann, Type: 'Bounce' }]))).status,
    right: 200,
    wrong: 500,
  },
  {
    fault: 8,
    title: 'an Update before its Subscribe',
    run: async (handler) => {
      const update = { ...ann, Type: 'Update', Date: '2026-01-01 11:00:00', Name: 'Ann Married', State: 'Active' };
      const { status } = await handler.post(notificationOf([{ ...update, OldEmailAddress: ann.EmailAddress }]));
      await handler.post(notificationOf([ann]));
      return [status, (await handler.contacts()).map(({ name }) => name)];
    },
    right: [200, ['Ann Married']],
    wrong: [200, ['Ann Example']],
  },
  {
    fault: 8,
    title: 'an address that was changed',
    run: async (handler) => {
      await handler.post(notificationOf([ann]));
      const update = { ...ann, Type: 'Update', EmailAddress: 'ann@example.com', OldEmailAddress: ann.EmailAddress };
      const { status } = await handler.post(notificationOf([update]));
      return [status, (await handler.contacts()).map(({ address }) => address)];
    },
    right: [200, ['ann@example.com']],
    wrong: [200, ['ann@example.org']],
  },
  {
    fault: 9,
    title: 'an address in other letters',
    run: async (handler) => {
      await handler.post(notificationOf([ann]));
      const update = { ...ann, Type: 'Update', EmailAddress: 'Ann@Example.org', Name: 'Ann Married' };
      await handler.post(notificationOf([update]));
      return (await handler.contacts()).map(({ name }) => name);
    },
    right: ['Ann Married'],
    wrong: ['Ann Example'],
  },
  {
    fault: 10,
    title: 'a Deactivate of an address that is not known',
    run: async (handler) => {
      await handler.post(notificationOf([ann]));
      const gone = { Type: 'Deactivate', EmailAddress: 'nobody@example.org', State: 'Unsubscribed' };
      const { status } = await handler.post(notificationOf([gone]));
      return [status, (await handler.contacts()).map(({ address }) => address)];
    },
    right: [200, ['ann@example.org']],
    wrong: [200, []],
  },
  {
    fault: 11,
    title: 'an older Update behind a newer one',
    run: async (handler) => {
      await handler.post(notificationOf([ann]));
      const update = { ...ann, Type: 'Update', State: 'Active' };
      await handler.post(notificationOf([{ ...update, Date: '2026-01-01 12:00:00', Name: 'Ann Newer' }]));
      await handler.post(notificationOf([{ ...update, Date: '2026-01-01 11:00:00', Name: 'Ann Older' }]));
      return (await handler.contacts()).map(({ name }) => name);
    },
    right: ['Ann Newer'],
    wrong: ['Ann Older'],
  },
  {
    fault: 12,
    title: 'a notification without a signature',
    key,
    run: async (handler) => [(await handler.post(notificationOf([ann]))).status, await handler.count()],
    right: [401, 0],
    wrong: [200, 1],
  },
  {
    fault: 13,
    title: 'a right signature over a body with escapes and blanks',
    key,
    run: async (handler) => {
      const raw =
        '{ "ListID": "a", "Events": [ {"Type":"Subscribe","EmailAddress":"ann@example.org","Name":"Zo\\u00eb"} ] }';
      const notification = notificationOf([ann], undefined, raw);
      return [(await handler.post(notification, signed(notification, key))).status, await handler.count()];
    },
    right: [200, 1],
    wrong: [401, 0],
  },
  {
    fault: 14,
    title: 'a full batch of 1,000, in 50 parts',
    run: async (handler) => {
      const events = subscribers(1000);
      const statuses = new Set<number>();
      for (let from = 0; from < events.length; from += 20) {
        statuses.add((await handler.post(notificationOf(events, { from, to: from + 20 }))).status);
      }
      return [[...statuses], await handler.count()];
    },
    right: [[200], 1000],
    wrong: [[413], 0],
  },
  {
    fault: 15,
    title: 'a name that is not ASCII',
    run: async (handler) => {
      await handler.post(notificationOf([{ ...ann, Name: 'Zoë 山田' }]));
      try {
        return (JSON.parse(await handler.contactsText()) as { contacts: { name: string }[] }).contacts[0]?.name;
      } catch {
        return 'cannot be read';
      }
    },
    right: 'Zoë 山田',
    wrong: 'cannot be read',
  },
];

function started(name: HandlerName, { key: given, mailMs }: Pick<Trial, 'key' | 'mailMs'>): Promise<Handler> {
  return startHandler(name, { ...(given !== undefined && { key: given }), ...(mailMs !== undefined && { mailMs }) });
}

describe('The examples', () => {
  for (const trial of trials) {
    it(`the right handler takes ${trial.title}`, async () => {
      assert.deepEqual(await trial.run(await started('right-handler', trial)), trial.right);
    });

    it(`the wrong handler, fault ${trial.fault}: ${trial.title}`, async () => {
      assert.deepEqual(await trial.run(await started('wrong-handler', trial)), trial.wrong);
    });
  }

  it('the wrong handler names each fault in its README, and each is shown here', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../examples/wrong-handler/README.md'), 'utf8');
    const named = [...readme.matchAll(/^\| (\d+) /gm)].map(([, number]) => Number(number));
    assert.deepEqual(
      named,
      named.map((_, i) => i + 1),
    );
    const shown = new Set(trials.map(({ fault }) => fault));
    assert.deepEqual(
      named.filter((number) => !shown.has(number)),
      [],
    );
  });

  for (const name of handlerNames) {
    it(`the ${name} creates, updates and removes a contact`, async () => {
      const handler = await startHandler(name, { key });
      const post = async (event: VendorEvent): Promise<number> => {
        const notification = notificationOf([event]);
        return (await handler.post(notification, signed(notification, key))).status;
      };
      assert.equal(await post(ann), 200);
      const fields = [
        { Key: 'color', Value: 'red' },
        { Key: 'color', Value: 'blue' },
      ];
      const update = {
        ...ann,
        Type: 'Update',
        OldEmailAddress: ann.EmailAddress,
        State: 'Active',
        CustomFields: fields,
      };
      assert.equal(await post({ ...update, Name: 'Ann Married' }), 200);
      const [contact] = await handler.contacts();
      assert.deepEqual(contact && [contact.name, contact.fields], ['Ann Married', fields]);
      assert.equal(await post({ ...ann, Type: 'Deactivate', State: 'Unsubscribed' }), 200);
      assert.equal(await handler.count(), 0);
    });

    it(`the ${name} refuses a wrong signature, ends on SIGTERM, and says where it cannot listen`, async () => {
      const handler = await startHandler(name, { key });
      const notification = notificationOf([ann]);
      assert.equal((await handler.post(notification, signed(notification, 'another'))).status, 401);
      assert.equal(await handler.count(), 0);
      const port = Number(new URL(handler.url).port);
      await assert.rejects(startHandler(name, { port }), /cannot listen: .*EADDRINUSE/);
      assert.equal(await handler.end(), 0);
    });
  }

  it('the right handler keeps away who was gone, and takes who comes back', async () => {
    const handler = await startHandler('right-handler');
    const gone = { ...ann, Type: 'Deactivate', Date: '2026-01-01 12:00:00', State: 'Unsubscribed' };
    await handler.post(notificationOf([gone]));
    await handler.post(notificationOf([ann]));
    assert.equal(await handler.count(), 0, 'the Subscribe is older');
    await handler.post(notificationOf([{ ...ann, Date: '2026-01-02 10:00:00' }]));
    assert.equal(await handler.count(), 1);
    await handler.post(
      notificationOf([{ ...ann, Type: 'Update', Date: '2026-01-03 10:00:00', State: 'Unsubscribed' }]),
    );
    assert.equal(await handler.count(), 0, 'an Update may say so, too');
  });

  it('the right handler answers 400 to what is no notification, and is there afterward', async () => {
    const handler = await startHandler('right-handler');
    for (const body of ['', '{', 'null', '[]', '7', '{"message":{}}', '{"message":{"events":{}}}']) {
      assert.equal((await handler.post(body)).status, 400, body);
    }
    for (const events of ['[null]', '[7]', '[{}]', '[{"eventType":"CREATED","objectId":{}}]', '[]']) {
      assert.equal((await handler.post(`{"message":{"events":${events},"raw":7}}`)).status, 200, events);
    }
    assert.equal(await handler.count(), 0);
  });
});
