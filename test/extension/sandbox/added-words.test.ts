import assert from 'node:assert/strict';
import type { Webhook } from '../../../src/campaign-monitor/answers.ts';
import type { Instance } from '../../../src/open-connectors/answers.ts';
import type { UrlContext } from '../../../src/extension/public-url/url-place.ts';
import { addedText, hearingOf } from '../../../src/extension/sandbox/added-words.ts';

const secret = '0123456789abcdef0123456789abcdef';
const base = 'http://127.0.0.1:8787';
const url = `${base}/hooks/${secret}/campaign-monitor`;

function hook(changes: Partial<Webhook> = {}): Webhook {
  const whole = {
    webhookId: 'w',
    listId: 'l',
    events: ['Subscribe'],
    url,
    status: 'Active',
    active: true,
    format: 'json',
  };
  return { ...(whole as Webhook), ...changes };
}

const callback = `${base}/hooks/${secret}/open-connectors`;

/** An instance that has events of the list sent to this window's relay, but for what is changed. */
function instance(configuration: Record<string, string> = {}, disabled = false): Instance {
  const events = { 'event.notification.enabled': 'true', 'event.notification.callback.url': callback };
  return { id: 1, disabled, configuration: { ...events, 'events.list.ids': 'k, l', ...configuration } };
}

/** What Open Connectors has registered for an instance of its own. */
const platformHook = hook({ url: 'http://127.0.0.1:9999/elements/api-v2/events/campaignmonitor/1' });

const running: Omit<UrlContext, 'path'> = { publicUrl: null, localUrl: url, own: secret, relays: [] };
const elsewhere =
  'No active webhook or instance sends the list’s events to this relay, so the event won’t appear in the Events view.';

describe('The words for a subscriber who was added', () => {
  const says = (hooks: readonly Webhook[], around = running, instances: readonly Instance[] = []): string =>
    addedText(
      'ada@example.com',
      'Newsletter',
      hearingOf({ listId: 'l', hooks, instances }, (path) => ({
        ...around,
        path,
        localUrl: around.localUrl && (path === 'campaign-monitor' ? url : callback),
      })),
    ).replace('Added ada@example.com to the list Newsletter. ', '');

  it('promise the event where an instance of the list sends it to this window’s relay, too', () => {
    const saysOf = (one: Instance): string => says([platformHook], running, [one]);
    assert.equal(saysOf(instance()), 'The event appears in the Events view.');
    assert.equal(saysOf(instance({ 'event.notification.callback.url': callback.replace('8787', '8788') })), elsewhere);
    assert.equal(saysOf(instance({ 'event.notification.enabled': 'false' })), elsewhere);
    assert.equal(saysOf(instance({ 'events.list.ids': 'k' })), elsewhere);
    assert.equal(saysOf(instance({}, true)), elsewhere);
    const foreign = hook({ url: 'https://foreign.example.com/' });
    assert.equal(says([foreign, { ...platformHook, active: false }], running, [instance()]), elsewhere);
  });

  it('promise the event only where an active webhook points to this window’s relay', () => {
    const other = hook({ url: url.replace('8787', '8788') });
    assert.equal(says([other, hook()]), 'The event appears in the Events view.');
    assert.equal(says([other]), elsewhere);
    assert.match(says([hook({ events: ['Deactivate'] })]), /no active webhook for Subscribe/);
    assert.equal(says([other, hook({ active: false })]), elsewhere);
    assert.equal(says([hook({ active: false })]), 'The list has no active webhook for Subscribe, so no event is sent.');
  });
});
