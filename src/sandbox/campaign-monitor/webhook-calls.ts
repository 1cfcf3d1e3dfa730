import type { Request } from 'express';
import { z } from 'zod';
import { webhookFormats } from '../../campaign-monitor/answers.ts';
import { webhookEventTypes } from '../../campaign-monitor/event-types.ts';
import { randomHex } from '../random-texts.ts';
import { listOf, listScopes, parameter, type AddCall } from './api-call.ts';
import type { SandboxState, Webhook, SandboxSettings } from './state.ts';
import { vendorErrors } from './vendor-error.ts';
import { isWebhookUrl, type WebhookPoster, type PostFailure } from './webhook-post.ts';
import { sampleDeliveries, toXml } from '../../campaign-monitor/samples.ts';

export function addWebhookCalls(call: AddCall, state: SandboxState, poster: WebhookPoster): void {
  call('get', '/lists/:listId/webhooks.json', listScopes, (request, response) => {
    const { listId } = listOf(state, request);
    response.json(state.webhooksOf(listId).map(webhookAnswer));
  });

  call('post', '/lists/:listId/webhooks.json', listScopes, (request, response) => {
    const { listId } = listOf(state, request);
    const webhook = { ...readWebhook(request.body), webhookId: randomHex(), listId };
    state.webhooks.set(webhook.webhookId, { ...webhook, active: true, failingSince: null });
    response.status(201).json(webhook.webhookId);
  });

  call('get', '/lists/:listId/webhooks/:webhookId/test.json', listScopes, async (request, response) => {
    const failure = await postTestCall(poster, webhookOf(state, request), state.settings);
    if (failure !== null) throw vendorErrors.webhookFailed(failure);
    response.status(200).end();
  });

  for (const [action, active] of [
    ['activate', true],
    ['deactivate', false],
  ] as const) {
    call('put', `/lists/:listId/webhooks/:webhookId/${action}.json`, listScopes, (request, response) => {
      const webhook = webhookOf(state, request);
      webhook.active = active;
      webhook.failingSince = null;
      response.status(200).end();
    });
  }

  call('delete', '/lists/:listId/webhooks/:webhookId.json', listScopes, (request, response) => {
    state.webhooks.delete(webhookOf(state, request).webhookId);
    response.status(200).end();
  });
}

const eventsSchema = z
  .array(z.unknown())
  .min(1)
  .max(100)
  .pipe(z.array(z.enum(webhookEventTypes)));
const formatSchema = z.string().toLowerCase().pipe(z.enum(webhookFormats));

function readWebhook(body: unknown): Pick<Webhook, 'url' | 'format' | 'events'> {
  const fields = z.record(z.string(), z.unknown()).safeParse(body).data ?? {};
  const url = z.string().refine(isWebhookUrl).safeParse(fields['Url']);
  if (!url.success) throw vendorErrors.invalidWebhookUrl();
  const format = formatSchema.safeParse(fields['PayloadFormat']);
  if (!format.success) throw vendorErrors.invalidWebhookFormat();
  const events = eventsSchema.safeParse(fields['Events']);
  if (!events.success) throw vendorErrors.invalidWebhookEvent();
  return { url: url.data, format: format.data === 'json' ? 'Json' : 'Xml', events: [...new Set(events.data)] };
}

function webhookAnswer(webhook: Webhook): object {
  return {
    WebhookID: webhook.webhookId,
    Events: webhook.events,
    Url: webhook.url,
    // The vendor's word for an inactive one is unknown.
    Status: webhook.active ? 'Active' : 'Inactive',
    PayloadFormat: webhook.format,
  };
}

/** The vendor's response for an unknown webhook is unknown. */
function webhookOf(state: SandboxState, request: Request): Webhook {
  const { listId } = listOf(state, request);
  const webhook = state.webhooks.get(parameter(request, 'webhookId'));
  if (webhook?.listId !== listId) throw vendorErrors.notFound();
  return webhook;
}

async function postTestCall(
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
      // One batch with an example for each event, according to an older page of the vendor's [2nd].
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
