import { reachesRelay, urlFor, withBase } from '../public-url/url-place.ts';
import type { UrlAction, StaleRegistration, StaleState, UrlHolder } from '../public-url/url-keeper.ts';
import { reachOf, type AccountStore } from '../accounts/account-store.ts';
import { isSame, type Registration } from './webhook-journal.ts';
import type { WebhookRegistrar } from './webhook-registrar.ts';

export interface WebhookUrlsParts {
  readonly accounts: AccountStore;
  readonly registrar: WebhookRegistrar;
}

export class WebhookUrls implements UrlHolder {
  readonly #parts: WebhookUrlsParts;

  constructor(parts: WebhookUrlsParts) {
    this.#parts = parts;
  }

  async mayHave(state: StaleState): Promise<boolean> {
    return (await this.#left(state)).length > 0;
  }

  async look(state: StaleState): Promise<readonly StaleRegistration[]> {
    return (await this.#left(state)).map((registration) => ({
      kind: 'webhook',
      name: registration.listName,
      actions: {
        // Dead URLs have no new one. A deletion is finished, not undone.
        ...(state !== 'dead' && {
          update: this.#action(registration.state === 'deleting' ? 'delete' : 'update', state, registration),
        }),
        ...(state !== 'idle' && { deactivate: this.#action('deactivate', state, registration) }),
        delete: this.#action('delete', state, registration),
      },
    }));
  }

  #action(action: UrlAction, state: StaleState, asked: Registration): (signal: AbortSignal) => Promise<boolean> {
    return async (signal) => {
      // The registration may have changed since the user was asked.
      const left = await this.#left(state);
      const registration = left.find((each) => isSame(each, asked) && each.state === asked.state);
      if (registration === undefined) return false;
      const { done, failures } = await this.#parts.registrar.carryOut(action, [registration], signal);
      const [failure] = failures;
      if (failure !== undefined) throw failure.error;
      return done.length > 0;
    };
  }

  async #left(state: StaleState): Promise<readonly Registration[]> {
    const { accounts, registrar } = this.#parts;
    const { urls } = registrar;
    if (urls === undefined) return [];
    return (await registrar.reachable()).filter((each) => {
      const account = accounts.find(each.accountId);
      if (account === undefined) return false;
      const reach = reachOf(account);
      const hasUrl = urlFor(reach, urls) !== null;
      if (each.state === 'deleting') return state === 'unfinished';
      if (each.state === 'inactive') return state === 'idle' && hasUrl;
      if (each.state === 'deactivating') return state === (hasUrl ? 'idle' : 'dead');
      if (each.state === 'moving') return state === (hasUrl ? 'unfinished' : 'dead');
      const isHere = each.relay === registrar.relay && reachesRelay(withBase(urls.localUrl, each.base), reach, urls);
      if (each.state !== 'active' || isHere) return false;
      return state === (hasUrl ? (account.kind === 'sandbox' ? 'following' : 'behind') : 'dead');
    });
  }
}
