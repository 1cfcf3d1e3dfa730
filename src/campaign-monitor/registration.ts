import type { Webhook } from './answers.ts';
import type { CampaignMonitorApi, NewWebhook } from './api.ts';

export type Registration =
  | { readonly kind: 'created'; readonly webhookId: string }
  /** It existed already, as wanted. `deleted`: others of ours at the URL, which duplicated its events. */
  | { readonly kind: 'kept'; readonly webhookId: string; readonly deleted: readonly string[] }
  /** It existed, but was inactive. */
  | { readonly kind: 'activated'; readonly webhookId: string; readonly deleted: readonly string[] }
  /** It existed with other events or another format: the new one was created, then the others were deleted. */
  | { readonly kind: 'replaced'; readonly webhookId: string; readonly deleted: readonly string[] }
  /** It exists with other events or another format, and is not ours to delete. Nothing was done. */
  | { readonly kind: 'occupied'; readonly webhook: Webhook };

/**
 * Webhooks can't be changed [vendor], so one that differs is replaced: the new one is created first, so that no event
 * is lost. What could not be deleted is deleted by a later call.
 * @param mayDelete whether webhooks of this URL were created by this tool
 * @throws CampaignMonitorError, also if one could not be deleted; the others then are
 */
export async function registerWebhook(
  api: CampaignMonitorApi,
  listId: string,
  wanted: NewWebhook,
  { mayDelete, signal }: { mayDelete: boolean; signal?: AbortSignal | undefined },
): Promise<Registration> {
  const present = (await api.webhooks(listId, signal)).filter(({ url }) => sameAddress(url, wanted.url));
  // By ID, so that two calls at once keep the same one.
  const fitting = present
    .filter((webhook) => fits(webhook, wanted))
    .sort((a, b) => Number(b.active) - Number(a.active) || (a.webhookId < b.webhookId ? -1 : 1));
  const [kept] = fitting;
  const deleteAllBut = async (webhookId: string): Promise<string[]> => {
    const others = present.map((webhook) => webhook.webhookId).filter((id) => id !== webhookId);
    if (mayDelete) await deleteAll(api, listId, others, signal);
    return mayDelete ? others : [];
  };
  if (kept !== undefined) {
    const { active, webhookId } = kept;
    if (!active) await api.activateWebhook(listId, webhookId, signal);
    return { kind: active ? 'kept' : 'activated', webhookId, deleted: await deleteAllBut(webhookId) };
  }
  const [differing] = present;
  if (differing !== undefined && !mayDelete) return { kind: 'occupied', webhook: differing };
  const webhookId = await api.createWebhook(listId, wanted, signal);
  if (differing === undefined) return { kind: 'created', webhookId };
  return { kind: 'replaced', webhookId, deleted: await deleteAllBut(webhookId) };
}

/** Continues after a failure; one that is already gone counts as deleted. @throws the first failure */
export async function deleteAll(
  api: Pick<CampaignMonitorApi, 'webhooks' | 'deleteWebhook'>,
  listId: string,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const failures = new Map<string, unknown>();
  for (const id of ids) await api.deleteWebhook(listId, id, signal).catch((error: unknown) => failures.set(id, error));
  if (failures.size === 0) return;
  // The vendor doesn't document its response for a webhook that doesn't exist, so check.
  const there = new Set((await api.webhooks(listId, signal)).map(({ webhookId }) => webhookId));
  for (const [id, error] of failures) if (there.has(id)) throw error;
}

export function fits(webhook: Webhook, wanted: Pick<NewWebhook, 'events' | 'format'>): boolean {
  const events = new Set<string>(wanted.events);
  const same = new Set(webhook.events).size === events.size && webhook.events.every((event) => events.has(event));
  return same && webhook.format === wanted.format;
}

/** Ignores upper case in the host, a default port and a final slash. */
export function sameAddress(a: string, b: string): boolean {
  const normal = normalized(a);
  return normal !== null && normal === normalized(b);
}

function normalized(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/$/, '')}${url.search}`;
}
