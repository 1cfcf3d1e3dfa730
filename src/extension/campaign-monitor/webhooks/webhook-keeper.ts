/** Keeps the webhooks that this tool registered true to the relay: when its URL changes, when it stops, when it was gone. */
import * as vscode from 'vscode';
import type { Account, AccountStore } from '../accounts/account-store.ts';
import { cancellable } from '../../ui/progress.ts';
import { commandId } from '../../commands.ts';
import { nextOf } from '../../ui/error-words.ts';
import { inMessage } from '../../ui/printable.ts';
import type { Session } from '../../relay/session.ts';
import { configuration } from '../../relay/settings.ts';
import { maskUrl, readRelayUrl, withBase } from './hook-url.ts';
import type { Registration, StoredJournal } from './journal.ts';
import { isSame } from './journal.ts';
import type { Brought, HookVendor } from './lifecycle.ts';
import { bringHere, deactivateOurs, deleteOurs, isUnfinished, mend } from './lifecycle.ts';
import type { ListNode } from './webhook-node.ts';
import { vendorOf } from './hook-vendor.ts';
import { hookUrlFor, reachesRelay } from './webhook-place.ts';

export interface WebhookKeeperParts {
  readonly accounts: AccountStore;
  readonly session: Session;
  readonly journal: StoredJournal;
  readonly log: vscode.LogOutputChannel;
  /** Webhooks of a list may have changed. */
  readonly changed: () => void;
  /** Resolves when the user is at this window: others of the same relay do not ask. */
  readonly attention: () => Promise<void>;
}

/** What points elsewhere than where its account's Campaign Monitor reaches the relay. */
interface Astray {
  /** Of the sandbox's account, which is followed without a question. */
  readonly following: readonly Registration[];
  /** To be moved. */
  readonly behind: readonly Registration[];
  /** Deactivated at a stop, to be brought back. */
  readonly idle: readonly Registration[];
  /** Nobody answers where it points, and there is nowhere to move it. */
  readonly dead: readonly Registration[];
}

export interface Failure {
  readonly registration: Registration;
  readonly error: Error & { readonly kind?: string };
}

/** What to do about registrations, each by its own verb. */
type Deed = 'bring' | 'deactivate' | 'delete' | 'mend';

/** What was done, in the log. */
const deedWords: Readonly<Record<Exclude<Deed, 'mend'>, string>> = {
  bring: 'pointed to this relay',
  deactivate: 'deactivated',
  delete: 'deleted',
};

export interface Outcome {
  readonly done: readonly { readonly registration: Registration; readonly brought: Brought | null }[];
  readonly failures: readonly Failure[];
}

export class WebhookKeeper {
  readonly #accounts: AccountStore;
  readonly #session: Session;
  readonly #journal: StoredJournal;
  readonly #log: vscode.LogOutputChannel;
  readonly #changed: () => void;
  readonly #attention: () => Promise<void>;
  /** Counts the looks: where one waits for the user, a later one takes its place. */
  #looks = 0;
  /** One thing at a time: two at once would create a webhook twice. */
  #last: Promise<unknown> = Promise.resolve();

  constructor({ accounts, session, journal, log, changed, attention }: WebhookKeeperParts) {
    this.#accounts = accounts;
    this.#session = session;
    this.#journal = journal;
    this.#log = log;
    this.#changed = changed;
    this.#attention = attention;
  }

  /** Where this window's relay is; undefined while it does not run. */
  #urls(): { readonly publicUrl: string | null; readonly localUrl: string } | undefined {
    const { state } = this.#session;
    if (state.kind !== 'running') return undefined;
    return { publicUrl: state.status.publicCampaignMonitorUrl, localUrl: state.status.campaignMonitorUrl };
  }

  /** The registrations of this window's relay. */
  own(): readonly Registration[] {
    const { state } = this.#session;
    if (state.kind !== 'running') return [];
    const relay = readRelayUrl(state.status.campaignMonitorUrl)?.relay;
    return this.#journal.all().filter((each) => each.relay === relay);
  }

  /**
   * Registers the relay on lists. What stands there already is kept.
   * @param url the relay's on any base
   */
  async register(
    lists: readonly ListNode[],
    { events, format }: Pick<Registration, 'events' | 'format'>,
    url: string,
    signal?: AbortSignal,
  ): Promise<Outcome> {
    const relay = readRelayUrl(url)?.relay ?? '';
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
    return this.#do('bring', registrations, signal, (wanted, known) =>
      known === undefined ? wanted : { ...known, listName: wanted.listName, events, format },
    );
  }

  /**
   * Does one thing to registrations, one after another. What fails is told and stays to be done.
   * @param renew the registration as it is to be, from what was asked and what the journal knows when its turn comes
   */
  async #do(
    deed: Deed,
    registrations: readonly Registration[],
    signal?: AbortSignal,
    renew: (asked: Registration, known: Registration | undefined) => Registration | undefined = (_asked, known) =>
      known,
  ): Promise<Outcome> {
    const work = this.#last.then(async () => {
      const done: { registration: Registration; brought: Brought | null }[] = [];
      const failures: Failure[] = [];
      for (const asked of registrations) {
        if (signal?.aborted === true) break;
        const known = this.#journal.all().find((each) => isSame(each, asked));
        const registration = renew(asked, known);
        // What went before has settled it.
        if (registration === undefined) continue;
        try {
          const account = this.#accounts.find(registration.accountId);
          if (account === undefined) continue;
          const vendor = vendorOf(await this.#accounts.api(account), signal);
          done.push({ registration, brought: await this.#one(deed, vendor, registration, account) });
        } catch (error) {
          const failure: Failure = { registration, error: error as Error };
          await this.#forgetWhereNothingIsLeft(failure);
          if (failure.error.kind === 'cancelled') break;
          failures.push(failure);
          this.#log.warn(
            `the webhook of list ${registration.listId} could not be looked after: ${(error as Error).message}`,
          );
        }
      }
      return { done, failures };
    });
    this.#last = work.catch(() => undefined);
    const outcome = await work;
    this.#changed();
    return outcome;
  }

  /**
   * A registration that failed before anything was created is the user's to try again, not the next start's; one of a
   * list that is gone has nothing left to look after.
   */
  async #forgetWhereNothingIsLeft({ registration, error }: Failure): Promise<void> {
    const known = this.#journal.all().find((each) => isSame(each, registration));
    if (known === undefined) return;
    const begun = known.base !== null || known.ids.length > 0 || known.pending !== null;
    if (!begun || error.kind === 'wrong-list') await this.#journal.remove(known);
  }

  async #one(deed: Deed, vendor: HookVendor, registration: Registration, account: Account): Promise<Brought | null> {
    const urls = this.#urls();
    if (urls === undefined) throw new Error(vscode.l10n.t('The relay is not running'));
    const { localUrl } = urls;
    const url = hookUrlFor(account, urls);
    switch (deed) {
      case 'bring':
        if (url === null) throw new Error(vscode.l10n.t('There is no public URL now.'));
        return bringHere(vendor, this.#journal, registration, url);
      case 'deactivate':
        await deactivateOurs(vendor, this.#journal, registration, localUrl);
        return null;
      case 'delete':
        await deleteOurs(vendor, this.#journal, registration, localUrl);
        return null;
      case 'mend':
        await mend(vendor, this.#journal, registration, localUrl, url);
        return null;
    }
  }

  /**
   * What the relay's stop means for its webhooks, as the setting or the user says.
   * @returns whether to stop
   */
  async beforeStop(): Promise<boolean> {
    const active = (await this.#reachable()).filter(({ state }) => state === 'active');
    if (active.length === 0) return true;
    let choice: string | undefined = configuration().get<string>('webhooks.onStop', 'ask');
    if (choice === 'ask') choice = await this.#askOnStop(active);
    switch (choice) {
      case 'leave':
        return true;
      case 'deactivate':
      case 'delete':
        return this.#atStop(choice, active);
      default:
        return false;
    }
  }

  async #askOnStop(active: readonly Registration[]): Promise<'leave' | 'deactivate' | 'delete' | undefined> {
    const leave = vscode.l10n.t('Leave As They Are');
    const deactivate = vscode.l10n.t('Deactivate');
    const remove = vscode.l10n.t('Delete');
    const choice = await vscode.window.showWarningMessage(
      vscode.l10n.t('Stop the relay? Webhooks of Campaign Monitor point to it.'),
      {
        modal: true,
        detail: vscode.l10n.t(
          'Registered on: {0}. A webhook that is left fails while the relay is stopped, and Campaign Monitor deactivates it after about a week. One that is deactivated can be brought back at the next start.',
          namesOf(active),
        ),
      },
      leave,
      deactivate,
      remove,
    );
    if (choice === leave) return 'leave';
    if (choice === deactivate) return 'deactivate';
    return choice === remove ? 'delete' : undefined;
  }

  async #atStop(deed: 'deactivate' | 'delete', active: readonly Registration[]): Promise<boolean> {
    for (;;) {
      const { done, failures } = await cancellable(
        deed === 'delete' ? vscode.l10n.t('Deleting webhooks') : vscode.l10n.t('Deactivating webhooks'),
        (signal) => this.#do(deed, active, signal),
      );
      const [failure] = failures;
      // Cancelled where it is neither done nor failed: then the relay goes on.
      if (failure === undefined) return done.length === active.length;
      const again = vscode.l10n.t('Try Again');
      const stop = vscode.l10n.t('Stop Anyway');
      const choice = await vscode.window.showErrorMessage(sayFailure(failure), again, stop);
      if (choice !== again) return choice === stop;
    }
  }

  /** The registrations of this relay whose account can be asked. A sandbox is not started for them. */
  async #reachable(): Promise<Registration[]> {
    const reachable: Registration[] = [];
    for (const each of this.own()) if (await this.#accounts.isReachable(each.accountId)) reachable.push(each);
    return reachable;
  }

  /**
   * The relay is reached elsewhere than before, or no more: what points elsewhere is moved, or asked about. The sandbox's
   * account is followed without a question, since nothing of it is real.
   */
  async lookAfter(): Promise<void> {
    await this.#mend();
    const setting = configuration().get<string>('webhooks.keepUrl', 'ask');
    const { following, behind, idle } = await this.#astray();
    const bring = setting === 'always' ? [...following, ...behind, ...idle] : setting === 'ask' ? following : [];
    if (bring.length > 0) await this.#act('bring', bring);
    const toAsk = await this.#toAsk(setting);
    if (toAsk.length === 0) return;
    const look = ++this.#looks;
    await this.#attention();
    if (look !== this.#looks) return;
    // Another window may have asked meanwhile.
    await Promise.all((await this.#toAsk(setting)).map((ask) => ask()));
  }

  /** The questions that there are now. */
  async #toAsk(setting: string): Promise<(() => Promise<void>)[]> {
    const { behind, idle, dead } = await this.#astray();
    return [
      ...(setting === 'ask' && behind.length + idle.length > 0 ? [() => this.#askToBring(behind, idle)] : []),
      ...(dead.length > 0 ? [() => this.#askAboutDead(dead)] : []),
    ];
  }

  async #astray(): Promise<Astray> {
    const found = {
      following: [] as Registration[],
      behind: [] as Registration[],
      idle: [] as Registration[],
      dead: [] as Registration[],
    };
    const urls = this.#urls();
    if (urls === undefined) return found;
    for (const each of await this.#reachable()) {
      const account = this.#accounts.find(each.accountId);
      if (account === undefined) continue;
      const url = hookUrlFor(account, urls);
      if (each.state === 'inactive' && url !== null) found.idle.push(each);
      if (each.state !== 'active' || reachesRelay(withBase(urls.localUrl, each.base ?? ''), account, urls)) continue;
      if (url === null) found.dead.push(each);
      else found[account.kind === 'sandbox' ? 'following' : 'behind'].push(each);
    }
    return found;
  }

  async #askToBring(behind: readonly Registration[], idle: readonly Registration[]): Promise<void> {
    const all = [...behind, ...idle];
    const bring = behind.length > 0 ? vscode.l10n.t('Move Webhooks') : vscode.l10n.t('Activate Webhooks');
    const deactivate = vscode.l10n.t('Deactivate');
    const remove = vscode.l10n.t('Delete');
    const choice = await vscode.window.showWarningMessage(
      behind.length > 0
        ? vscode.l10n.t(
            'The relay’s public URL is another one now. Webhooks point to the old one: {0}.',
            namesOf(behind),
          )
        : vscode.l10n.t('Webhooks of this relay are deactivated: {0}.', namesOf(idle)),
      ...(behind.length > 0 ? [bring, deactivate, remove] : [bring, remove]),
    );
    if (choice === bring) await this.#act('bring', all);
    if (choice === deactivate) await this.#act('deactivate', behind);
    if (choice === remove) await this.#act('delete', all);
  }

  /** The relay runs, but where its webhooks point nobody answers. */
  async #askAboutDead(dead: readonly Registration[]): Promise<void> {
    const open = vscode.l10n.t('Open Public URL');
    const deactivate = vscode.l10n.t('Deactivate');
    const remove = vscode.l10n.t('Delete');
    const choice = await vscode.window.showWarningMessage(
      vscode.l10n.t('Webhooks point to a URL at which the relay no longer answers: {0}.', namesOf(dead)),
      open,
      deactivate,
      remove,
    );
    if (choice === open) await vscode.commands.executeCommand(commandId('openTunnel'));
    if (choice === deactivate) await this.#act('deactivate', dead);
    if (choice === remove) await this.#act('delete', dead);
  }

  /** What was broken off is taken up without asking: it had been decided. */
  async #mend(): Promise<void> {
    const unfinished = (await this.#reachable()).filter(isUnfinished);
    if (unfinished.length === 0) return;
    this.#log.info(`webhooks: taking up what was broken off on ${unfinished.length} list(s)`);
    const { failures } = await this.#do('mend', unfinished);
    const [failure] = failures;
    if (failure === undefined) return;
    void this.#sayAndRetry(failure, () => this.#mend());
  }

  async #act(deed: 'bring' | 'deactivate' | 'delete', registrations: readonly Registration[]): Promise<void> {
    const titles = {
      bring: vscode.l10n.t('Moving webhooks'),
      deactivate: vscode.l10n.t('Deactivating webhooks'),
      delete: vscode.l10n.t('Deleting webhooks'),
    };
    const { done, failures } = await cancellable(titles[deed], (signal) => this.#do(deed, registrations, signal));
    if (done.length > 0) {
      const names = namesOf(done.map(({ registration }) => registration));
      const said = {
        bring: vscode.l10n.t('Webhooks of {1} now point to {0}.', this.#where(), names),
        deactivate: vscode.l10n.t('Webhooks were deactivated: {0}.', names),
        delete: vscode.l10n.t('Webhooks were deleted: {0}.', names),
      };
      this.#log.info(
        `webhooks ${deedWords[deed]} on ${done.map(({ registration }) => registration.listId).join(', ')}`,
      );
      void vscode.window.showInformationMessage(said[deed]);
    }
    const [failure] = failures;
    if (failure === undefined) return;
    const left = failures.map(({ registration }) => registration);
    void this.#sayAndRetry(failure, () => this.#act(deed, left));
  }

  #where(): string {
    const { publicUrl, localUrl } = this.#urls() ?? {};
    return maskUrl(readRelayUrl(publicUrl ?? localUrl ?? '')?.base ?? '');
  }

  async #sayAndRetry(failure: Failure, retry: () => Promise<void>): Promise<void> {
    const again = vscode.l10n.t('Try Again');
    if ((await vscode.window.showErrorMessage(sayFailure(failure), again)) === again) await retry();
  }
}

/** What failed, and what to do next. */
export function sayFailure({ registration, error }: Failure): string {
  return vscode.l10n.t(
    'The webhook of the list “{0}” was not changed: {1}. {2}',
    inMessage(registration.listName),
    inMessage(error.message, 500),
    nextOf(error, vscode.l10n) ?? '',
  );
}

/** The lists by name, the first few of them. */
function namesOf(registrations: readonly Registration[]): string {
  const names = registrations.slice(0, 3).map(({ listName }) => inMessage(listName, 60));
  const more = registrations.length - names.length;
  return more === 0 ? names.join(', ') : vscode.l10n.t('{0} and {1} more', names.join(', '), more);
}
