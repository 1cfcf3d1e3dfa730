/** Registering a URL on a list such that it is there once, with what is wanted, however often it is asked for. */
import type { CampaignMonitorApi, NewWebhook, Webhook } from './api.ts';
import { sameAddress } from './webhook-match.ts';

export type Registration =
  | { readonly kind: 'created'; readonly webhookId: string }
  /** It was there already, as wanted. */
  | { readonly kind: 'kept'; readonly webhookId: string }
  /** It was there, inactive. */
  | { readonly kind: 'activated'; readonly webhookId: string }
  /** It was there with other events or another format: the new one was made, then the others were deleted. */
  | { readonly kind: 'replaced'; readonly webhookId: string; readonly deleted: readonly string[] }
  /** It is there with other events or another format, and is not ours to delete. Nothing was done. */
  | { readonly kind: 'occupied'; readonly webhook: Webhook };

/**
 * Registers a URL on a list. A webhook cannot be changed [vendor], so one that differs is replaced: the new one is made
 * first, so that no event is lost.
 * @param mayDelete whether webhooks of this URL were made by this tool
 * @throws CampaignMonitorError
 */
export async function registerWebhook(
  api: CampaignMonitorApi,
  listId: string,
  wanted: NewWebhook,
  { mayDelete, signal }: { mayDelete: boolean; signal?: AbortSignal | undefined },
): Promise<Registration> {
  const present = (await api.webhooks(listId, signal)).filter(({ url }) => sameAddress(url, wanted.url));
  const [differing] = present;
  const fitting = present.filter((webhook) => fits(webhook, wanted));
  const kept = fitting.find(({ active }) => active) ?? fitting[0];
  if (kept !== undefined) {
    if (kept.active) return { kind: 'kept', webhookId: kept.webhookId };
    await api.activateWebhook(listId, kept.webhookId, signal);
    return { kind: 'activated', webhookId: kept.webhookId };
  }
  if (differing !== undefined && !mayDelete) return { kind: 'occupied', webhook: differing };
  const webhookId = await api.createWebhook(listId, wanted, signal);
  if (differing === undefined) return { kind: 'created', webhookId };
  const deleted = present.map((webhook) => webhook.webhookId);
  for (const old of deleted) await api.deleteWebhook(listId, old, signal);
  return { kind: 'replaced', webhookId, deleted };
}

function fits(webhook: Webhook, wanted: NewWebhook): boolean {
  const events = new Set<string>(wanted.events);
  const same = new Set(webhook.events).size === events.size && webhook.events.every((event) => events.has(event));
  return same && webhook.format === wanted.format;
}
