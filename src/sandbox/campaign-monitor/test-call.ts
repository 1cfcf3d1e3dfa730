import { sampleDeliveries, toXml } from '../../campaign-monitor/samples.ts';
import type { SandboxSettings, Webhook } from './state.ts';
import type { PostFailure, WebhookPoster } from './webhook-post.ts';

/** Posts a test body to a webhook, even an inactive one. @returns null for a 2xx, otherwise the failure */
export async function postTestCall(
  poster: WebhookPoster,
  webhook: Webhook,
  { testBody, deliveryTimeoutMs }: SandboxSettings,
): Promise<PostFailure | null> {
  const { failure } = await poster.post(webhook.url, bodyFor(webhook, testBody), webhook.format, deliveryTimeoutMs);
  return failure;
}

function bodyFor(webhook: Webhook, testBody: SandboxSettings['testBody']): string {
  const { listId, events: types } = webhook;
  const delivery = { Events: [], ListID: listId };
  switch (testBody) {
    case 'examples': {
      // An example for each event of the webhook, as a batch: according to an older page of the vendor's [2nd].
      const samples = sampleDeliveries({ types, count: 1, batch: types.length, mixed: true, listId, now: new Date() });
      return samples.map(({ body, text }) => (webhook.format === 'Xml' ? toXml(body) : text)).join('');
    }
    case 'empty':
      return '';
    case 'empty-object':
      return webhook.format === 'Xml' ? '<?xml version="1.0" encoding="utf-8"?>\n<Webhook/>' : '{}';
    case 'no-events':
      return webhook.format === 'Xml' ? toXml(delivery) : JSON.stringify(delivery);
  }
}
