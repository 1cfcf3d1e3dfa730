import type * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { CommandError } from '../ui/command-error.ts';
import { messageOf, nextOf } from '../ui/error-words.ts';
import { inMessage } from '../ui/printable.ts';
import type { UrlAction } from '../public-url/url-keeper.ts';
import type { KnownRelays } from '../session/known-relays.ts';
import { readRelayUrl, urlFor, type RelayUrls } from '../public-url/url-place.ts';
import type { Session } from '../session/session.ts';
import { reachOf, type Account, type AccountStore } from '../accounts/account-store.ts';
import { pointHere, deactivateOurs, deleteOurs, type HookChange, type WebhookApi } from './lifecycle.ts';
import { isSame, type Registration, type WebhookJournal } from './webhook-journal.ts';
import type { ListNode } from './webhook-source.ts';

export interface WebhookRegistrarParts {
  readonly accounts: AccountStore;
  readonly session: Pick<Session, 'state'>;
  readonly journal: WebhookJournal;
  readonly relays: Pick<KnownRelays, 'namesOf'>;
  readonly log: vscode.LogOutputChannel;
  readonly changed: () => void;
}

export interface Failure {
  readonly registration: Registration;
  readonly error: Error & { readonly kind?: string };
}

export interface Outcome {
  readonly done: readonly { readonly registration: Registration; readonly hookChange: HookChange | null }[];
  readonly failures: readonly Failure[];
}

export class WebhookRegistrar {
  readonly #parts: WebhookRegistrarParts;
  /** One change at a time: two concurrent ones would create a webhook twice. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: WebhookRegistrarParts) {
    this.#parts = parts;
  }

  /** Undefined if the relay isn't running. */
  get urls(): (RelayUrls & { readonly localUrl: string }) | undefined {
    const { state } = this.#parts.session;
    if (state.kind !== 'running') return undefined;
    return { publicUrl: state.status.publicCampaignMonitorUrl, localUrl: state.status.campaignMonitorUrl };
  }

  get relay(): string | undefined {
    return readRelayUrl(this.urls?.localUrl ?? '', 'campaign-monitor')?.relay;
  }

  /** Includes registrations with earlier secrets. */
  own(): readonly Registration[] {
    const { relay } = this;
    if (relay === undefined) return [];
    const names = this.#parts.relays.namesOf(relay);
    return this.#parts.journal.all().filter((each) => names.includes(each.relay));
  }

  /** Waits for changes in progress. Doesn't start the sandbox. */
  async reachable(): Promise<readonly Registration[]> {
    await this.#last;
    const reachable: Registration[] = [];
    for (const each of this.own()) {
      if (await this.#parts.accounts.isReachable(each.accountId)) reachable.push(each);
    }
    return reachable;
  }

  /** Keeps a webhook that is already there. @param url the relay's on any base */
  async register(
    lists: readonly ListNode[],
    { events, format }: Pick<Registration, 'events' | 'format'>,
    url: string,
    signal?: AbortSignal,
  ): Promise<Outcome> {
    const { relay, base } = readRelayUrl(url, 'campaign-monitor') ?? { relay: '', base: '' };
    const registrations = lists.map(({ account, listId, name }): Registration => ({
      accountId: account.id,
      listId,
      listName: name,
      relay,
      events,
      format,
      ids: [],
      base,
      state: 'active',
    }));
    return this.carryOut('update', registrations, signal, { events, format });
  }

  /** Failed changes are reported, and remain unfinished. Without `wanted`, keeps the recorded events and format. */
  async carryOut(
    action: UrlAction,
    registrations: readonly Registration[],
    signal?: AbortSignal,
    wanted?: Pick<Registration, 'events' | 'format'>,
  ): Promise<Outcome> {
    const { accounts, journal, log, changed } = this.#parts;
    const work = this.#last.then(async () => {
      const done: { registration: Registration; hookChange: HookChange | null }[] = [];
      const failures: Failure[] = [];
      for (const asked of registrations) {
        if (signal?.aborted === true) break;
        const known =
          journal.all().find((each) => isSame(each, asked)) ??
          this.own().find((each) => isSame({ ...each, relay: asked.relay }, asked));
        if (known === undefined && wanted === undefined) continue;
        const registration = { ...(known ?? asked), listName: asked.listName };
        try {
          const account = accounts.find(registration.accountId);
          if (account === undefined) continue;
          const api = await accounts.api(account);
          const url = this.#urlFor(account);
          done.push({ registration, hookChange: await this.#one(action, api, registration, url, wanted, signal) });
        } catch (error) {
          const failure: Failure = { registration, error: error as Error };
          if (failure.error.kind === 'wrong-list') await journal.remove(registration);
          if (failure.error.kind === 'canceled') break;
          failures.push(failure);
          log.warn(`the webhook of list ${registration.listId} could not be looked after: ${(error as Error).message}`);
        }
      }
      return { done, failures };
    });
    this.#last = work.catch(() => undefined);
    const outcome = await work;
    changed();
    return outcome;
  }

  /** Null if the vendor needs a public URL, and none is open. */
  #urlFor(account: Account): string | null {
    const { urls } = this;
    if (urls !== undefined) return urlFor(reachOf(account), urls);
    throw new CommandError(say('The relay isn’t running'), say('Start the relay, and then try again.'));
  }

  async #one(
    action: UrlAction,
    api: WebhookApi,
    registration: Registration,
    url: string | null,
    { events, format }: Pick<Registration, 'events' | 'format'> = registration,
    signal?: AbortSignal,
  ): Promise<HookChange | null> {
    const { journal } = this.#parts;
    switch (action) {
      case 'update':
        if (url === null) {
          throw new CommandError(say('No public URL is open'), say('Open a public URL, and then try again.'));
        }
        return pointHere(api, journal, registration, { url, events, format }, signal);
      case 'deactivate':
        await deactivateOurs(api, journal, registration, signal);
        return null;
      case 'delete':
        await deleteOurs(api, journal, registration, signal);
        return null;
    }
  }
}

export function sayFailure({ registration, error }: Failure): string {
  return say(
    'Couldn’t change the webhooks of the list “{0}”: {1}. {2}',
    inMessage(registration.listName),
    inMessage(messageOf(error), 500),
    nextOf(error) ?? '',
  );
}
