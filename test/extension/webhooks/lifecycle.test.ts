import assert from 'node:assert/strict';
import fc from 'fast-check';
import { webhookEventTypes } from '../../../src/campaign-monitor/event-types.ts';
import { readRelayUrl } from '../../../src/extension/public-url/url-place.ts';
import { WebhookJournal, type Registration } from '../../../src/extension/webhooks/webhook-journal.ts';
import type { Webhook } from '../../../src/campaign-monitor/answers.ts';
import { CampaignMonitorError } from '../../../src/campaign-monitor/api-error.ts';
import { pointHere as bring, deactivateOurs, deleteOurs } from '../../../src/extension/webhooks/lifecycle.ts';
import type { HookChange } from '../../../src/extension/webhooks/lifecycle.ts';
import { Crash, FakeVendor, type Planted } from './fake-vendor.ts';
import { memory } from '../relay/memory.ts';

const secret = '0123456789abcdef0123456789abcdef';
const later = 'fedcba9876543210fedcba9876543210';
const events = webhookEventTypes;

/** @param of the secret; there may be another one later */
function urlAt(host: string, of = secret): string {
  return `https://${host}.example/hooks/${of}/campaign-monitor`;
}

function registration(changes: Partial<Registration> = {}): Registration {
  const { relay } = readRelayUrl(urlAt('a'), 'campaign-monitor')!;
  return {
    ...{ accountId: 'account', listId: 'list', listName: 'Newsletter', relay, events, format: 'json', ids: [] },
    ...{ base: 'https://a.example', state: 'active' },
    ...changes,
  };
}

/** As registered, or for other events or another format. */
function pointHere(
  vendor: FakeVendor,
  journal: WebhookJournal,
  known: Registration,
  url: string,
  wanted: Partial<Registration> = {},
): Promise<HookChange> {
  const { events, format } = { ...known, ...wanted };
  return bring(vendor, journal, known, { url, events, format });
}

function foreignHook(changes: Partial<Planted> = {}): Planted {
  return { url: 'https://other.example/hook', events, format: 'json', active: true, ...changes };
}

describe("a list's webhook", () => {
  let vendor: FakeVendor;
  let journal: WebhookJournal;
  let kept: Record<string, unknown>;
  const current = (): Registration => journal.all()[0]!;

  beforeEach(() => {
    vendor = new FakeVendor();
    kept = {};
    journal = new WebhookJournal(memory(kept));
  });

  it('is created once, however often it is registered', async () => {
    assert.equal(await pointHere(vendor, journal, registration(), urlAt('a')), 'created');
    assert.equal(await pointHere(vendor, journal, current(), urlAt('a')), 'kept');
    assert.equal(vendor.of('list').length, 1);
    assert.deepEqual({ ...current(), ids: [] }, registration({ base: 'https://a.example', state: 'active' }));
    assert.deepEqual(
      current().ids,
      vendor.of('list').map(({ webhookId }) => webhookId),
    );
  });

  it('moves without a gap: the new one stands before the old one goes', async () => {
    await pointHere(vendor, journal, registration(), urlAt('a'));
    const seen: string[] = [];
    vendor.onChange = () =>
      seen.push(
        vendor
          .of('list')
          .map(({ url }) => new URL(url).host[0])
          .join(''),
      );
    assert.equal(await pointHere(vendor, journal, current(), urlAt('b')), 'moved');
    assert.ok(seen.every((hosts) => hosts !== ''));
    assert.equal(seen.at(-1), 'b');
  });

  it('is one when two windows create it at the same time', async () => {
    const other = new WebhookJournal(memory(kept));
    await Promise.all([
      pointHere(vendor, journal, registration(), urlAt('a')),
      pointHere(vendor, other, registration(), urlAt('a')),
    ]);
    await pointHere(vendor, journal, current(), urlAt('a'));
    assert.equal(vendor.of('list').length, 1);
  });

  it('moves to the relay’s new secret at the same host, without a gap and as one registration', async () => {
    await pointHere(vendor, journal, registration(), urlAt('a'));
    const seen: number[] = [];
    vendor.onChange = () => seen.push(vendor.of('list').filter(({ active }) => active).length);
    assert.equal(await pointHere(vendor, journal, current(), urlAt('a', later)), 'moved');
    assert.ok(seen.every((count) => count > 0));
    const [hook, ...others] = vendor.of('list');
    assert.deepEqual([hook?.url, others], [urlAt('a', later), []]);
    const { relay } = readRelayUrl(urlAt('a', later), 'campaign-monitor')!;
    const kept = registration({ relay, base: 'https://a.example', state: 'active', ids: [hook!.webhookId] });
    assert.deepEqual(journal.all(), [kept]);
  });

  it('is ours where the response to its creation was lost, be it wanted with other events then', async () => {
    vendor.breakAt(1, true);
    await assert.rejects(pointHere(vendor, journal, registration(), urlAt('a')), Crash);
    vendor.fix();
    assert.equal(current().state, 'moving');
    await pointHere(vendor, journal, current(), urlAt('b'), { events: ['Update'] });
    assert.deepEqual(
      vendor.of('list').map((hook) => [hook.url, hook.events]),
      [[urlAt('b'), ['Update']]],
    );
  });

  it('stays as it was recorded if the vendor refuses the new one', async () => {
    const refused = new CampaignMonitorError('permission-missing', { code: 60, status: 401 });
    const refusing = Object.assign(new FakeVendor(), { createWebhook: () => Promise.reject(refused) });
    await assert.rejects(pointHere(refusing, journal, registration(), urlAt('a')), refused);
    assert.deepEqual(journal.all(), []);
    const before = registration({ ids: ['hook0001'] });
    await journal.put(before);
    await assert.rejects(pointHere(refusing, journal, before, urlAt('b', later)), refused);
    assert.deepEqual(journal.all(), [before]);
  });

  it('leaves no secret in the journal', async () => {
    vendor.breakAt(1, true);
    await assert.rejects(pointHere(vendor, journal, registration(), urlAt('a')), Crash);
    assert.equal(current().state, 'moving');
    assert.ok(!JSON.stringify(kept).includes(secret.slice(0, 8)));
  });
});

describe('whatever breaks off between the calls', () => {
  const lists = ['list1', 'list2'];
  const step = fc.record({
    action: fc.constantFrom('bring', 'deactivate'),
    host: fc.constantFrom('a', 'b', 'c'),
    breaksAt: fc.option(fc.record({ call: fc.nat(9), done: fc.boolean() })),
  });

  it('is fixed: one active webhook of ours a list, none lost, nothing foreign touched, no gap', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 8 }),
        fc.constantFrom('a', 'b', 'c'),
        fc.nat(9),
        async (steps, last, renewedAt) => {
          // From that step on the relay has another secret.
          const urlAfter = (index: number, host: string): string => urlAt(host, index >= renewedAt ? later : secret);
          const there = urlAfter(steps.length, last);
          const vendor = new FakeVendor();
          const kept = {};
          const foreign = lists.map((listId) => [
            vendor.plant(listId, foreignHook()),
            vendor.plant(listId, foreignHook({ active: false })),
            // Points to a relay of this machine, but was registered by hand.
            vendor.plant(listId, foreignHook({ url: urlAt('c') })),
          ]);
          const foreignBefore = lists.map((listId) => vendor.of(listId));
          let journal = new WebhookJournal(memory(kept));
          const registrations = (): Registration[] =>
            lists.map((listId) => journal.all().find((each) => each.listId === listId) ?? registration({ listId }));
          const oursOn = (listId: string): Webhook[] =>
            vendor.of(listId).filter(({ webhookId }) => !foreign.some((ids) => ids.includes(webhookId)));

          for (const [index, { action, host, breaksAt }] of steps.entries()) {
            const url = urlAfter(index, host);
            if (breaksAt === null) vendor.fix();
            else vendor.breakAt(breaksAt.call, breaksAt.done);
            for (const each of registrations()) {
              const brings = action === 'bring';
              const before = oursOn(each.listId).some(({ active }) => active);
              // Where all goes well, and where it breaks off, there is always one that is active.
              vendor.onChange = () => {
                const arriving = vendor.of(each.listId).some((hook) => hook.active && hook.url === url);
                if (brings && before) assert.ok(arriving || oursOn(each.listId).some(({ active }) => active));
              };
              try {
                if (action === 'bring') await pointHere(vendor, journal, each, url);
                else await deactivateOurs(vendor, journal, each);
              } catch (error) {
                assert.ok(error instanceof Crash);
                break;
              } finally {
                vendor.onChange = () => undefined;
              }
            }
            // The next start knows only what was kept.
            journal = new WebhookJournal(memory(kept));
          }

          vendor.fix();
          for (const each of registrations()) await pointHere(vendor, journal, each, there);
          assert.equal(journal.all().length, lists.length);
          for (const [index, listId] of lists.entries()) {
            assert.deepEqual(
              vendor.of(listId).filter(({ webhookId }) => foreign[index]!.includes(webhookId)),
              foreignBefore[index],
            );
            const here = vendor.of(listId).filter(({ url, active }) => url === there && active);
            assert.equal(here.length, 1);
            assert.deepEqual(
              oursOn(listId).filter(({ url }) => url !== there),
              [],
            );
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is fixed where it was to be deleted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(5), fc.boolean(), fc.boolean(), async (call, done, moved) => {
        const vendor = new FakeVendor();
        const journal = new WebhookJournal(memory());
        vendor.plant('list', foreignHook());
        await pointHere(vendor, journal, registration(), urlAt('a'));
        if (moved) {
          vendor.breakAt(1, true);
          await pointHere(vendor, journal, journal.all()[0]!, urlAt('b')).catch(() => undefined);
        }
        vendor.breakAt(call, done);
        await deleteOurs(vendor, journal, journal.all()[0]!).catch(() => undefined);
        vendor.fix();
        for (const each of journal.all()) await deleteOurs(vendor, journal, each);
        assert.deepEqual(journal.all(), []);
        assert.equal(vendor.of('list').length, 1);
      }),
    );
  });
});
