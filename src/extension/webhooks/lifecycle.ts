/**
 * Keeps a list's webhook at the relay's current URL for the vendor. Every step is recorded in the journal before it is
 * taken, so that an interruption is fixed by repeating it: a webhook is ours if we know its ID, or if it has a URL that
 * the journal planned.
 */
import type { WebhookFormat } from '../../campaign-monitor/answers.ts';
import { readRelayUrl } from '../public-url/relay-url.ts';
import type { Registration, WebhookJournal } from './webhook-journal.ts';

/** A webhook from the vendor's list. */
export interface Hook {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  /** null for an unknown value of the vendor's. */
  readonly format: WebhookFormat | null;
  readonly active: boolean;
}

export type NewHook = Pick<Hook, 'url' | 'events'> & { readonly format: WebhookFormat };

/** The used part of the vendor's API. */
export interface HookVendor {
  webhooks(listId: string): Promise<readonly Hook[]>;
  /** Resolves to the webhook's ID. The vendor creates it active. */
  create(listId: string, hook: NewHook): Promise<string>;
  activate(listId: string, id: string): Promise<void>;
  deactivate(listId: string, id: string): Promise<void>;
  delete(listId: string, id: string): Promise<void>;
}

/** What was done to bring a list's webhook here. */
export type HookChange = 'kept' | 'created' | 'moved' | 'activated';

/**
 * Makes one active webhook of the list point to a URL: creates it if there is none, and only then deletes ours
 * elsewhere, so that there is no gap. A webhook that already has the URL is kept, even if others created it. Continues
 * interrupted changes.
 * @param url the relay's current URL for the vendor
 * @throws errors of the vendor's calls; the journal then contains what is left to do
 */
export async function pointHere(
  vendor: HookVendor,
  journal: WebhookJournal,
  begun: Registration,
  url: string,
): Promise<HookChange> {
  let { registration, hooks } = await look(vendor, journal, { ...begun, state: 'moving' });
  const relay = readRelayUrl(url, 'campaign-monitor')?.relay ?? registration.relay;
  if (relay !== registration.relay) {
    // The relay's secret differs from the one in the webhook's URL.
    ({ registration, hooks } = await look(vendor, journal, await journal.move(registration, relay)));
  }
  let hookChange: HookChange = 'kept';
  let keep = choose(registration, hooks, url);
  if (keep === undefined) {
    const before = hooks.filter((hook) => hook.url === url).map(({ id }) => id);
    const elsewhere = ours(registration, hooks).length > 0;
    registration = await note(journal, { ...registration, pending: { url: baseOf(url), before } });
    const { listId, events, format } = registration;
    const id = await vendor.create(listId, { url, events, format });
    registration = await note(journal, { ...registration, ids: [...registration.ids, id] });
    // Another window may have done the same at the same time: both then choose the same one.
    ({ registration, hooks } = await look(vendor, journal, registration));
    if (!hooks.some((hook) => hook.id === id))
      registration = await note(journal, { ...registration, ids: [...registration.ids, id] });
    keep = choose(registration, hooks, url) ?? { id, url, events, format, active: true };
    hookChange = elsewhere ? 'moved' : 'created';
  }
  if (!keep.active) {
    await vendor.activate(registration.listId, keep.id);
    hookChange = 'activated';
  }
  const { id: kept } = keep;
  for (const { id } of ours(registration, hooks)) {
    if (id !== kept) registration = await deleteOne(vendor, journal, registration, id);
  }
  await note(journal, { ...registration, base: baseOf(url), state: 'active' });
  return hookChange;
}

/** Deactivates our webhooks on a list, to be activated again later. */
export async function deactivateOurs(vendor: HookVendor, journal: WebhookJournal, begun: Registration): Promise<void> {
  const { registration, hooks } = await look(vendor, journal, { ...begun, state: 'deactivating' });
  for (const { id, active } of ours(registration, hooks)) {
    if (active) await vendor.deactivate(registration.listId, id);
  }
  await note(journal, { ...registration, state: 'inactive' });
}

/** Deletes our webhooks on a list, and its registration. */
export async function deleteOurs(vendor: HookVendor, journal: WebhookJournal, begun: Registration): Promise<void> {
  const looked = await look(vendor, journal, { ...begun, state: 'deleting' });
  let { registration } = looked;
  for (const { id } of ours(registration, looked.hooks)) {
    registration = await deleteOne(vendor, journal, registration, id);
  }
  await journal.remove(registration);
}

/** Whether a change was interrupted: then it is continued without asking. */
export function isUnfinished({ state }: Registration): boolean {
  return state === 'moving' || state === 'deactivating' || state === 'deleting';
}

/**
 * Continues an interrupted change.
 * @param url the relay's current URL for the vendor; null: steps that need it are left for later
 * @returns whether it is done
 */
export async function fix(
  vendor: HookVendor,
  journal: WebhookJournal,
  registration: Registration,
  url: string | null,
): Promise<boolean> {
  switch (registration.state) {
    case 'moving':
      if (url === null) return false;
      await pointHere(vendor, journal, registration, url);
      return true;
    case 'deactivating':
      await deactivateOurs(vendor, journal, registration);
      return true;
    case 'deleting':
      await deleteOurs(vendor, journal, registration);
      return true;
    case 'active':
    case 'inactive':
    case 'off':
      return true;
  }
}

function baseOf(url: string): string {
  return readRelayUrl(url, 'campaign-monitor')?.base ?? '';
}

function ours({ ids }: Registration, hooks: readonly Hook[]): Hook[] {
  return hooks.filter(({ id }) => ids.includes(id));
}

/** Lists the webhooks, and finds the result of a creation without a response. */
async function look(
  vendor: HookVendor,
  journal: WebhookJournal,
  registration: Registration,
): Promise<{ registration: Registration; hooks: readonly Hook[] }> {
  const noted = await note(journal, registration);
  const hooks = await vendor.webhooks(noted.listId);
  const known = new Set(ours(noted, hooks).map(({ id }) => id));
  if (noted.pending !== null) {
    const { url: base, before } = noted.pending;
    for (const { id, url } of hooks) {
      const at = readRelayUrl(url, 'campaign-monitor');
      if (at?.base === base && at.relay === noted.relay && !before.includes(id)) known.add(id);
    }
  }
  return { registration: await note(journal, { ...noted, ids: [...known], pending: null }), hooks };
}

/** Which webhook at the URL to keep: ours first, then an active one, then the lowest ID, the same in each window. */
function choose({ ids, events, format }: Registration, hooks: readonly Hook[], url: string): Hook | undefined {
  const wanted = [...events].sort().join();
  const rank = ({ id, active }: Hook): string => `${ids.includes(id) ? 0 : 1}${active ? 0 : 1}${id}`;
  return hooks
    .filter((hook) => hook.url === url && hook.format === format && [...hook.events].sort().join() === wanted)
    .sort((a, b) => (rank(a) < rank(b) ? -1 : 1))[0];
}

async function deleteOne(
  vendor: HookVendor,
  journal: WebhookJournal,
  registration: Registration,
  id: string,
): Promise<Registration> {
  try {
    await vendor.delete(registration.listId, id);
  } catch (error) {
    // If it is already gone, that is fine; the vendor's error for that is unknown, so list the webhooks.
    const hooks = await vendor.webhooks(registration.listId);
    if (hooks.some((hook) => hook.id === id)) throw error;
  }
  return note(journal, { ...registration, ids: registration.ids.filter((each) => each !== id) });
}

async function note(journal: WebhookJournal, registration: Registration): Promise<Registration> {
  await journal.put(registration);
  return registration;
}
