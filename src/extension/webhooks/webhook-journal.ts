/** What this tool registered and is doing: lists and ids, never a secret or a URL that holds one. */
import type { WebhookFormat } from '../../campaign-monitor/answers.ts';
import type { Memory } from '../session/known-relays.ts';

/** One list on which a relay is registered. */
export interface Registration {
  readonly accountId: string;
  readonly listId: string;
  readonly listName: string;
  /** Names the relay, as in public-url/relay-url.ts: with the secret that the webhook's URL holds. */
  readonly relay: string;
  readonly events: readonly string[];
  readonly format: WebhookFormat;
  /** The webhooks that this tool created on the list and has not deleted. */
  readonly ids: readonly string[];
  /** Where the webhook points; null before the first was created. */
  readonly base: string | null;
  /**
   * `moving`, `deactivating` and `deleting`: begun and not finished. `inactive`: deactivated at a stop, to be brought
   * back. `off`: deactivated by hand, and left so.
   */
  readonly state: 'active' | 'moving' | 'deactivating' | 'inactive' | 'off' | 'deleting';
  /** A creation whose answer has not come: whatever stands at this base and was not there before is ours. */
  readonly pending: { readonly url: string; readonly before: readonly string[] } | null;
}

/** Where registrations are kept, one for an account, a list and a relay. */
export interface WebhookJournal {
  all(): readonly Registration[];
  put(registration: Registration): Promise<void>;
  remove(registration: Registration): Promise<void>;
  /** Gives a registration to a relay by another name, with what is kept of the list for that already. */
  move(registration: Registration, relay: string): Promise<Registration>;
}

/** Told apart by account, list and relay. */
export function isSame(one: Registration, other: Registration): boolean {
  return one.accountId === other.accountId && one.listId === other.listId && one.relay === other.relay;
}

/** The journal in VS Code's global state, which all windows share. */
export class StoredWebhookJournal implements WebhookJournal {
  readonly #memory: Memory;
  readonly #registrationsKey: string;

  constructor(memory: Memory, prefix: string) {
    this.#memory = memory;
    this.#registrationsKey = `${prefix}.webhooks.registrations`;
  }

  all(): readonly Registration[] {
    return this.#memory.get<readonly Registration[]>(this.#registrationsKey, []);
  }

  async put(registration: Registration): Promise<void> {
    const others = this.all().filter((each) => !isSame(each, registration));
    await this.#memory.update(this.#registrationsKey, [...others, registration]);
  }

  async remove(registration: Registration): Promise<void> {
    const others = this.all().filter((each) => !isSame(each, registration));
    await this.#memory.update(this.#registrationsKey, others);
  }

  async move(registration: Registration, relay: string): Promise<Registration> {
    const all = this.all();
    const there = all.find((each) => isSame(each, { ...registration, relay }));
    const ids = [...new Set([...registration.ids, ...(there?.ids ?? [])])];
    const moved = { ...registration, relay, ids, pending: there?.pending ?? null };
    const others = all.filter((each) => !isSame(each, registration) && !isSame(each, moved));
    await this.#memory.update(this.#registrationsKey, [...others, moved]);
    return moved;
  }

  /** Forgets a webhook that was deleted, and the list where it was the last. */
  async forgetHook(accountId: string, listId: string, id: string): Promise<void> {
    for (const each of this.all()) {
      if (each.accountId !== accountId || each.listId !== listId || !each.ids.includes(id)) continue;
      const ids = each.ids.filter((other) => other !== id);
      await (ids.length === 0 ? this.remove(each) : this.put({ ...each, ids }));
    }
  }

  /** Notes that a webhook was activated or deactivated by hand. */
  async switchHook(accountId: string, listId: string, id: string, state: 'active' | 'off'): Promise<void> {
    for (const each of this.all()) {
      if (each.accountId === accountId && each.listId === listId && each.ids.includes(id)) {
        await this.put({ ...each, state });
      }
    }
  }

  /** Forgets all of an account. */
  async forgetAccount(accountId: string): Promise<void> {
    const others = this.all().filter((each) => each.accountId !== accountId);
    await this.#memory.update(this.#registrationsKey, others);
  }
}
