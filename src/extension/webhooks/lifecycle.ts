/**
 * An interrupted change is finished by repeating it: a webhook is ours if its ID is known, or if it appeared while the
 * journal says that one was being created.
 */
import type { Webhook } from '../../campaign-monitor/answers.ts';
import type { CampaignMonitorApi, NewWebhook } from '../../campaign-monitor/api.ts';
import { deleteAll, fits } from '../../campaign-monitor/registration.ts';
import { readRelayUrl } from '../public-url/url-place.ts';
import { isSame, type Registration, type WebhookJournal } from './webhook-journal.ts';

export type WebhookApi = Pick<
  CampaignMonitorApi,
  'webhooks' | 'createWebhook' | 'activateWebhook' | 'deactivateWebhook' | 'deleteWebhook'
>;

export type HookChange = 'kept' | 'created' | 'moved' | 'activated';

/**
 * Creates the new webhook before it deletes ours elsewhere, so that there is no gap. Keeps a webhook that has the URL,
 * even if others created it.
 * @param wanted with the relay's current URL for the vendor
 * @throws errors of the vendor's calls; repeat the call to continue
 */
export async function pointHere(
  api: WebhookApi,
  journal: WebhookJournal,
  known: Registration,
  wanted: NewWebhook,
  signal?: AbortSignal,
): Promise<HookChange> {
  const { listId } = known;
  const { url, events, format } = wanted;
  let hooks = await api.webhooks(listId, signal);
  let ids = selectOurs(known, hooks);
  const registration: Registration = { ...known, ...readRelayUrl(url, 'campaign-monitor'), events, format };
  let recorded = known;
  let [keep] = sortFitting(ids, hooks, wanted);
  let hookChange: HookChange = 'kept';
  if (keep === undefined) {
    hookChange = ids.length > 0 ? 'moved' : 'created';
    const before = journal.all().find((each) => isSame(each, known));
    recorded = await journal.put({ ...registration, ids, state: 'moving' }, known);
    let id: string;
    try {
      id = await api.createWebhook(listId, wanted, signal);
    } catch (error) {
      // Refused, so there is nothing to finish, unless another window registered one in the meantime.
      const isOpen = journal.all().some((each) => isSame(each, recorded) && each.state === 'moving');
      if (isRefusal(error) && isOpen)
        await (before === undefined ? journal.remove(recorded) : journal.put(before, recorded));
      throw error;
    }
    ids = [...recorded.ids, id];
    recorded = await journal.put({ ...registration, ids, state: 'moving' }, recorded);
    // Another window may have created one at the same time: both choose the same one.
    hooks = await api.webhooks(listId, signal);
    const created = sortFitting([], hooks, wanted);
    ids = [...new Set([...recorded.ids, ...created.map(({ webhookId }) => webhookId)])];
    [keep] = created;
  } else if (!keep.active) {
    await api.activateWebhook(listId, keep.webhookId, signal);
    hookChange = 'activated';
  }
  const kept = keep?.webhookId ?? ids.at(-1);
  const others = ids.filter((id) => id !== kept);
  await deleteAll(api, listId, others, signal);
  await journal.put({ ...registration, ids: ids.filter((id) => id === kept), state: 'active' }, recorded);
  return hookChange;
}

export async function deactivateOurs(
  api: WebhookApi,
  journal: WebhookJournal,
  known: Registration,
  signal?: AbortSignal,
): Promise<void> {
  const hooks = await api.webhooks(known.listId, signal);
  const ids = selectOurs(known, hooks);
  // While moving, the webhooks may have different URLs.
  const base = known.state === 'moving' ? '' : known.base;
  const deactivating = await journal.put({ ...known, base, ids, state: 'deactivating' }, known);
  for (const { webhookId, active } of hooks) {
    if (active && ids.includes(webhookId)) await api.deactivateWebhook(known.listId, webhookId, signal);
  }
  await journal.put({ ...deactivating, state: 'inactive' }, deactivating);
}

export async function deleteOurs(
  api: WebhookApi,
  journal: WebhookJournal,
  known: Registration,
  signal?: AbortSignal,
): Promise<void> {
  const ids = selectOurs(known, await api.webhooks(known.listId, signal));
  await journal.put({ ...known, ids, state: 'deleting' }, known);
  await deleteAll(api, known.listId, ids, signal);
  await journal.remove(known);
}

function isRefusal(error: unknown): boolean {
  const { status } = error as { readonly status?: number | null };
  return typeof status === 'number' && status >= 400 && status < 500;
}

/** Includes a webhook whose creation got no response. */
function selectOurs(known: Registration, hooks: readonly Webhook[]): string[] {
  return hooks
    .filter((hook) => known.ids.includes(hook.webhookId) || (known.state === 'moving' && isCreated(known, hook)))
    .map(({ webhookId }) => webhookId);
}

function isCreated(known: Registration, hook: Webhook): boolean {
  const at = readRelayUrl(hook.url, 'campaign-monitor');
  return at?.base === known.base && at.relay === known.relay && fits(hook, known);
}

/** Ours first, then active ones, then by ID, so that every window chooses the same. */
function sortFitting(ids: readonly string[], hooks: readonly Webhook[], wanted: NewWebhook): Webhook[] {
  const rank = ({ webhookId, active }: Webhook): string =>
    `${ids.includes(webhookId) ? 0 : 1}${active ? 0 : 1}${webhookId}`;
  return hooks
    .filter((hook) => hook.url === wanted.url && fits(hook, wanted))
    .sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}
