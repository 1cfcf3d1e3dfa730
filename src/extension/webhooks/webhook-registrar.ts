/** Changes the webhooks of this window's relay: one change at a time, each recorded before it is made. */
import * as vscode from 'vscode';
import { CommandError } from '../ui/command-error.ts';
import { messageOf, nextOf } from '../ui/error-words.ts';
import { inMessage } from '../ui/printable.ts';
import type { KnownRelays } from '../session/known-relays.ts';
import { readRelayUrl } from '../public-url/relay-url.ts';
import type { Session } from '../session/session.ts';
import { urlFor } from '../public-url/url-place.ts';
import type { RelayUrls } from '../public-url/url-place.ts';
import { reachOf } from '../accounts/account-store.ts';
import type { Account, AccountStore } from '../accounts/account-store.ts';
import { vendorOf } from './hook-vendor.ts';
import { pointHere, deactivateOurs, deleteOurs, fix } from './lifecycle.ts';
import type { HookChange, HookVendor } from './lifecycle.ts';
import { isSame } from './webhook-journal.ts';
import type { Registration, WebhookJournal } from './webhook-journal.ts';
import type { ListNode } from './webhook-node.ts';

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

export type WebhookAction = 'bring' | 'deactivate' | 'delete' | 'fix';

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

  /** This window's relay URLs; undefined if it isn't running. */
  get urls(): (RelayUrls & { readonly localUrl: string }) | undefined {
    const { state } = this.#parts.session;
    if (state.kind !== 'running') return undefined;
    return { publicUrl: state.status.publicCampaignMonitorUrl, localUrl: state.status.campaignMonitorUrl };
  }

  /** Identifies this window's relay; undefined if it isn't running. */
  get relay(): string | undefined {
    return readRelayUrl(this.urls?.localUrl ?? '', 'campaign-monitor')?.relay;
  }

  /** The registrations of this window's relay, including those with its earlier secrets. */
  own(): readonly Registration[] {
    const { relay } = this;
    if (relay === undefined) return [];
    const names = this.#parts.relays.namesOf(relay);
    return this.#parts.journal.all().filter((each) => names.includes(each.relay));
  }

  /** The registrations of this relay whose account is available. The sandbox is not started for them. */
  async reachable(): Promise<readonly Registration[]> {
    const reachable: Registration[] = [];
    for (const each of this.own()) {
      if (await this.#parts.accounts.isReachable(each.accountId)) reachable.push(each);
    }
    return reachable;
  }

  /** Registers the relay on lists. Keeps a webhook that is already there. @param url the relay's on any base */
  async register(
    lists: readonly ListNode[],
    { events, format }: Pick<Registration, 'events' | 'format'>,
    url: string,
    signal?: AbortSignal,
  ): Promise<Outcome> {
    const relay = readRelayUrl(url, 'campaign-monitor')?.relay ?? '';
    const registrations = lists.map(({ account, listId, name }): Registration => ({
      accountId: account.id,
      listId,
      listName: name,
      relay,
      events,
      format,
      ids: [],
      base: null,
      state: 'moving',
      pending: null,
    }));
    return this.carryOut('bring', registrations, signal, (wanted, known) =>
      known === undefined ? wanted : { ...known, listName: wanted.listName, events, format },
    );
  }

  /**
   * Changes registrations, one after another. Failures are reported and stay to be done.
   * @param renew returns the wanted registration from the requested one and the journal's when its turn comes
   */
  async carryOut(
    action: WebhookAction,
    registrations: readonly Registration[],
    signal?: AbortSignal,
    renew: (asked: Registration, known: Registration | undefined) => Registration | undefined = (_asked, known) =>
      known,
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
        const registration = renew(asked, known);
        // An earlier change has settled it.
        if (registration === undefined) continue;
        try {
          const account = accounts.find(registration.accountId);
          if (account === undefined) continue;
          const vendor = vendorOf(await accounts.api(account), signal);
          done.push({ registration, hookChange: await this.#one(action, vendor, registration, account) });
        } catch (error) {
          const failure: Failure = { registration, error: error as Error };
          await this.#forgetWhereNothingIsLeft(failure);
          if (failure.error.kind === 'cancelled') break;
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

  /** Removes a registration of a deleted list, or that failed before anything was created: the user can retry it. */
  async #forgetWhereNothingIsLeft({ registration, error }: Failure): Promise<void> {
    const { journal } = this.#parts;
    const known = journal.all().find((each) => isSame(each, registration));
    if (known === undefined) return;
    const begun = known.base !== null || known.ids.length > 0 || known.pending !== null;
    if (!begun || error.kind === 'wrong-list') await journal.remove(known);
  }

  async #one(
    action: WebhookAction,
    vendor: HookVendor,
    registration: Registration,
    account: Account,
  ): Promise<HookChange | null> {
    const { urls } = this;
    if (urls === undefined) {
      throw new CommandError(
        vscode.l10n.t('The relay isn’t running'),
        vscode.l10n.t('Start the relay, and then try again.'),
      );
    }
    const { journal } = this.#parts;
    const url = urlFor(reachOf(account), urls);
    switch (action) {
      case 'bring':
        if (url === null) {
          throw new CommandError(
            vscode.l10n.t('No public URL is open'),
            vscode.l10n.t('Open a public URL, and then try again.'),
          );
        }
        return pointHere(vendor, journal, registration, url);
      case 'deactivate':
        await deactivateOurs(vendor, journal, registration);
        return null;
      case 'delete':
        await deleteOurs(vendor, journal, registration);
        return null;
      case 'fix':
        await fix(vendor, journal, registration, url);
        return null;
    }
  }
}

/** What failed, and what to do next. */
export function sayFailure({ registration, error }: Failure): string {
  return vscode.l10n.t(
    'Couldn’t change the webhooks of the list “{0}”: {1}. {2}',
    inMessage(registration.listName),
    inMessage(messageOf(error, vscode.l10n), 500),
    nextOf(error, vscode.l10n) ?? '',
  );
}
