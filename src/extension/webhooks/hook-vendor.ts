/** Campaign Monitor's API for the lifecycle of webhooks. */
import type { CampaignMonitorApi } from '../../campaign-monitor/api.ts';
import type { WebhookEventType } from '../../campaign-monitor/event-types.ts';
import type { HookVendor } from './lifecycle.ts';

export function vendorOf(api: CampaignMonitorApi, signal?: AbortSignal): HookVendor {
  return {
    webhooks: async (listId) =>
      (await api.webhooks(listId, signal)).map(({ webhookId: id, url, events, format, active }) => ({
        id,
        url,
        events,
        format,
        active,
      })),
    create: (listId, { url, events, format }) =>
      api.createWebhook(listId, { url, events: events as WebhookEventType[], format }, signal),
    activate: (listId, id) => api.activateWebhook(listId, id, signal),
    deactivate: (listId, id) => api.deactivateWebhook(listId, id, signal),
    delete: (listId, id) => api.deleteWebhook(listId, id, signal),
  };
}
