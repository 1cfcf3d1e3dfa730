/** The registrations of this tool and their interrupted changes: lists and IDs, never a secret or a URL with one. */
import type { WebhookFormat } from '../../campaign-monitor/answers.ts';
import type { Memory } from '../session/known-relays.ts';

/** One list on which a relay is registered. */
export interface Registration {
  readonly accountId: string;
  readonly listId: string;
  readonly listName: string;
  /** Identifies the relay, as in public-url/relay-url.ts, by the secret in the webhook's URL. */
  readonly relay: string;
  readonly events: readonly string[];
  readonly format: WebhookFormat;
  /** The webhooks that this tool created on the list and has not deleted. */
  readonly ids: readonly string[];
  /** The base of the webhook's URL; null before the first was created. */
  readonly base: string | null;
  /**
   * `moving`, `deactivating` and `deleting`: started and not finished. `inactive`: deactivated at a stop, to be
   * activated again. `off`: deactivated by the user, and left so.
   */
  readonly state: 'active' | 'moving' | 'deactivating' | 'inactive' | 'off' | 'deleting';
  /** A creation without a response yet: a webhook at this URL that is not in `before` is ours. */
  readonly pending: { readonly url: string; readonly before: readonly string[] } | null;
}

/** Compares account, list and relay. */
export function isSame(one: Registration, other: Registration): boolean {
  return one.accountId === other.accountId && one.listId === other.listId && one.relay === other.relay;
}

/** The registrations, one per account, list and relay, in VS Code's global state, which all windows share. */
export class WebhookJournal {
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

  /** Moves a registration to the relay's new name, merging it with an existing one. */
  async move(registration: Registration, relay: string): Promise<Registration> {
    const all = this.all();
    const there = all.find((each) => isSame(each, { ...registration, relay }));
    const ids = [...new Set([...registration.ids, ...(there?.ids ?? [])])];
    const moved = { ...registration, relay, ids, pending: there?.pending ?? null };
    const others = all.filter((each) => !isSame(each, registration) && !isSame(each, moved));
    await this.#memory.update(this.#registrationsKey, [...others, moved]);
    return moved;
  }

  /** Removes a deleted webhook, and the registration if it was the last one. */
  async forgetHook(accountId: string, listId: string, id: string): Promise<void> {
    for (const each of this.all()) {
      if (each.accountId !== accountId || each.listId !== listId || !each.ids.includes(id)) continue;
      const ids = each.ids.filter((other) => other !== id);
      await (ids.length === 0 ? this.remove(each) : this.put({ ...each, ids }));
    }
  }

  /** Records that the user activated or deactivated a webhook. */
  async switchHook(accountId: string, listId: string, id: string, state: 'active' | 'off'): Promise<void> {
    for (const each of this.all()) {
      if (each.accountId === accountId && each.listId === listId && each.ids.includes(id)) {
        await this.put({ ...each, state });
      }
    }
  }

  async forgetAccount(accountId: string): Promise<void> {
    const others = this.all().filter((each) => each.accountId !== accountId);
    await this.#memory.update(this.#registrationsKey, others);
  }
}
