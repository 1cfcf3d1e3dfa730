/** The registrations of this tool: lists and IDs, never a secret or a URL with one. */
import type { WebhookFormat } from '../../campaign-monitor/answers.ts';
import type { WebhookEventType } from '../../campaign-monitor/event-types.ts';
import { prefix } from '../prefix.ts';
import type { Memory } from '../session/known-relays.ts';

const registrationsKey = `${prefix}.webhooks.registrations`;

/** One list on which a relay is registered. */
export interface Registration {
  readonly accountId: string;
  readonly listId: string;
  readonly listName: string;
  /** Identifies the relay, as in public-url/url-place.ts, by the secret in the webhook's URL. */
  readonly relay: string;
  readonly events: readonly WebhookEventType[];
  readonly format: WebhookFormat;
  /** The webhook that this tool created on the list, preceded by the earlier ones while it is moving. */
  readonly ids: readonly string[];
  /** The base of the webhook's URL; while it is moving, of the new one's. Empty if it was deactivated while moving. */
  readonly base: string;
  /**
   * `moving`, `deactivating`, and `deleting`: started and not finished. `inactive`: deactivated at a stop, to be
   * activated again. `off`: deactivated by the user, and left so.
   */
  readonly state: 'active' | 'moving' | 'deactivating' | 'inactive' | 'off' | 'deleting';
}

/** As recorded earlier: while moving, `base` was the former URL's, and a creation without a response was `pending`. */
type EarlierRegistration = Registration & { readonly pending?: { readonly url: string } | null };

function readEarlier({ pending, ...each }: EarlierRegistration): Registration {
  if (pending === undefined || (pending === null && each.state !== 'moving')) return each;
  return { ...each, base: pending?.url ?? '', state: 'moving' };
}

/** Compares account, list and relay. */
export function isSame(one: Registration, other: Registration): boolean {
  return one.accountId === other.accountId && one.listId === other.listId && one.relay === other.relay;
}

/** The registrations, one per account, list and relay, in VS Code's global state, which all windows share. */
export class WebhookJournal {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  all(): readonly Registration[] {
    return this.#memory.get<readonly EarlierRegistration[]>(registrationsKey, []).map(readEarlier);
  }

  /**
   * @param before the registration as last read or put: the relay's secret may have changed, and the IDs that another
   *   window has added since are kept
   * @returns what is then recorded
   */
  async put(registration: Registration, before = registration): Promise<Registration> {
    const isReplaced = (each: Registration): boolean => isSame(each, registration) || isSame(each, before);
    const all = this.all();
    const added = all.filter(isReplaced).flatMap(({ ids }) => ids.filter((id) => !before.ids.includes(id)));
    const recorded = { ...registration, ids: [...new Set([...registration.ids, ...added])] };
    await this.#memory.update(registrationsKey, [...all.filter((each) => !isReplaced(each)), recorded]);
    return recorded;
  }

  async remove(registration: Registration): Promise<void> {
    const others = this.all().filter((each) => !isSame(each, registration));
    await this.#memory.update(registrationsKey, others);
  }

  /** Removes a deleted webhook, and the registration if it was the last one and no other may have been created. */
  async forgetHook(accountId: string, listId: string, id: string): Promise<void> {
    for (const each of this.all()) {
      if (each.accountId !== accountId || each.listId !== listId || !each.ids.includes(id)) continue;
      const ids = each.ids.filter((other) => other !== id);
      await (ids.length === 0 && each.state !== 'moving' ? this.remove(each) : this.put({ ...each, ids }, each));
    }
  }

  /** Records that the user activated or deactivated a webhook, unless a move or a deletion is still to be finished. */
  async switchHook(accountId: string, listId: string, id: string, state: 'active' | 'off'): Promise<void> {
    for (const each of this.all()) {
      if (each.accountId !== accountId || each.listId !== listId || !each.ids.includes(id)) continue;
      if (each.state !== 'moving' && each.state !== 'deleting') await this.put({ ...each, state }, each);
    }
  }

  async forgetAccount(accountId: string): Promise<void> {
    const others = this.all().filter((each) => each.accountId !== accountId);
    await this.#memory.update(registrationsKey, others);
  }
}
