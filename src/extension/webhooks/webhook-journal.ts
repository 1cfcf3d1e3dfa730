import type { WebhookFormat } from '../../campaign-monitor/answers.ts';
import type { WebhookEventType } from '../../campaign-monitor/event-types.ts';
import { prefix } from '../prefix.ts';
import type { Memory } from '../session/known-relays.ts';

const registrationsKey = `${prefix}.webhooks.registrations`;

export interface Registration {
  readonly accountId: string;
  readonly listId: string;
  readonly listName: string;
  readonly relay: string;
  readonly events: readonly WebhookEventType[];
  readonly format: WebhookFormat;
  /** Webhooks created here; while moving, the earlier ones first. */
  readonly ids: readonly string[];
  /** Base of the webhook's URL; while moving, the new one's. Empty if deactivated while moving. */
  readonly base: string;
  /** `moving`, `deactivating`, `deleting`: unfinished. `inactive`: off until the next start. `off`: by the user. */
  readonly state: 'active' | 'moving' | 'deactivating' | 'inactive' | 'off' | 'deleting';
}

export function isSame(one: Registration, other: Registration): boolean {
  return one.accountId === other.accountId && one.listId === other.listId && one.relay === other.relay;
}

/** In VS Code's global state, which all windows share; never contains a secret or a URL with one. */
export class WebhookJournal {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  all(): readonly Registration[] {
    return this.#memory.get<readonly Registration[]>(registrationsKey, []);
  }

  /**
   * Returns what is recorded, with IDs that another window has added since.
   * @param before as last read or put: the relay's secret may have changed
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

  /** Also removes the registration if it was the last webhook, and no other may have been created. */
  async forgetHook(accountId: string, listId: string, id: string): Promise<void> {
    for (const each of this.all()) {
      if (each.accountId !== accountId || each.listId !== listId || !each.ids.includes(id)) continue;
      const ids = each.ids.filter((other) => other !== id);
      await (ids.length === 0 && each.state !== 'moving' ? this.remove(each) : this.put({ ...each, ids }, each));
    }
  }

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
