/** Finds webhooks of this relay with an outdated URL, for the URL update. */
import { reachesRelay, urlFor } from '../public-url/url-place.ts';
import { withBase } from '../public-url/relay-url.ts';
import type { UrlAction, StaleRegistration, StaleState, UrlFailure, UrlHolder } from '../public-url/url-keeper.ts';
import { reachOf } from '../accounts/account-store.ts';
import type { AccountStore } from '../accounts/account-store.ts';
import { isUnfinished } from './lifecycle.ts';
import type { Registration } from './webhook-journal.ts';
import type { WebhookAction, WebhookRegistrar } from './webhook-registrar.ts';

export interface WebhookUrlsParts {
  readonly accounts: AccountStore;
  readonly registrar: WebhookRegistrar;
  readonly log: { info(message: string): void };
}

const actions: Readonly<Record<UrlAction, WebhookAction>> = {
  update: 'bring',
  deactivate: 'deactivate',
  delete: 'delete',
};

export class WebhookUrls implements UrlHolder {
  readonly #parts: WebhookUrlsParts;

  constructor(parts: WebhookUrlsParts) {
    this.#parts = parts;
  }

  async takeUp(): Promise<readonly UrlFailure[]> {
    const { registrar, log } = this.#parts;
    const unfinished = (await registrar.reachable()).filter(isUnfinished);
    if (unfinished.length === 0) return [];
    log.info(`webhooks: taking up what was broken off on ${unfinished.length} list(s)`);
    const { failures } = await registrar.carryOut('fix', unfinished);
    return failures.map(({ registration, error }) => ({ kind: 'webhook', name: registration.listName, error }));
  }

  async mayHave(state: StaleState): Promise<boolean> {
    return (await this.#left(state)).length > 0;
  }

  async look(state: StaleState): Promise<readonly StaleRegistration[]> {
    return (await this.#left(state)).map((registration) => ({
      kind: 'webhook',
      name: registration.listName,
      actions: {
        // Without a new URL, there are only the other actions.
        ...(state !== 'dead' && { update: this.#action('update', registration) }),
        ...(state !== 'idle' && { deactivate: this.#action('deactivate', registration) }),
        delete: this.#action('delete', registration),
      },
    }));
  }

  #action(action: UrlAction, registration: Registration): (signal: AbortSignal) => Promise<boolean> {
    return async (signal) => {
      const { done, failures } = await this.#parts.registrar.carryOut(actions[action], [registration], signal);
      const [failure] = failures;
      if (failure !== undefined) throw failure.error;
      return done.length > 0;
    };
  }

  /** From the journal alone, without asking the vendor. */
  async #left(state: StaleState): Promise<readonly Registration[]> {
    const { accounts, registrar } = this.#parts;
    const { urls } = registrar;
    if (urls === undefined) return [];
    return (await registrar.reachable()).filter((each) => {
      const account = accounts.find(each.accountId);
      if (account === undefined) return false;
      const reach = reachOf(account);
      const hasUrl = urlFor(reach, urls) !== null;
      if (each.state === 'inactive') return state === 'idle' && hasUrl;
      const isHere =
        each.relay === registrar.relay && reachesRelay(withBase(urls.localUrl, each.base ?? ''), reach, urls);
      if (each.state !== 'active' || isHere) return false;
      return state === (hasUrl ? (account.kind === 'sandbox' ? 'following' : 'behind') : 'dead');
    });
  }
}
