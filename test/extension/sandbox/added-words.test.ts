import assert from 'node:assert/strict';
import type { Webhook } from '../../../src/campaign-monitor/answers.ts';
import type { UrlContext } from '../../../src/extension/public-url/url-place.ts';
import { addedText, hearingOf } from '../../../src/extension/sandbox/added-words.ts';
import { english } from '../events/rows.ts';

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

const running: UrlContext = { path: 'campaign-monitor', publicUrl: null, localUrl: url, own: secret, relays: [] };

describe('The words for a subscriber who was added', () => {
  const says = (hooks: readonly Webhook[], around = running): string =>
    addedText('ada@example.com', 'Newsletter', hearingOf(hooks, around), english).replace(
      'Added ada@example.com to the list Newsletter. ',
      '',
    );

  it('promise the event only where an active webhook points to this window’s relay', () => {
    const other = hook({ url: url.replace('8787', '8788') });
    assert.equal(says([other, hook()]), 'The event appears in the Events view.');
    const elsewhere =
      'None of the list’s active webhooks points to this relay, so the event won’t appear in the Events view.';
    assert.equal(says([other]), elsewhere);
    assert.equal(says([other, hook({ active: false })]), elsewhere);
    assert.equal(says([hook({ active: false })]), 'The list has no active webhook, so no event is sent.');
  });

  it('say what is missing where the relay does not run', async () => {
    const { readRelayUrl } = await import('../../../src/extension/public-url/relay-url.ts');
    const own = readRelayUrl(url, 'campaign-monitor')?.relay;
    assert.ok(own !== undefined);
    const relays = [{ relay: own, base: null, localBase: base, dataDir: '/data' }] as unknown as UrlContext['relays'];
    assert.equal(
      says([hook()], { ...running, localUrl: null, own, relays }),
      'The relay isn’t running. To get the event, start the relay now.',
    );
  });
});
