/** The Campaign Monitor accounts that are signed in: what they are in the open, their credentials in SecretStorage. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { CampaignMonitorApi } from '../../campaign-monitor/api.ts';
import type { CampaignMonitorCredential } from '../../campaign-monitor/session.ts';
import { prefix } from '../prefix.ts';
import type { Reach } from '../public-url/url-place.ts';
import type { RunningSandbox } from '../sandbox/shared-sandbox.ts';

export interface Account {
  readonly id: string;
  /** What the user knows it by. */
  readonly label: string;
  readonly kind: 'api-key' | 'oauth' | 'sandbox';
  /** Where it was signed in, and where alone its credential goes. Empty for the sandbox, which moves. */
  readonly host: string;
  /** Tells by its clients that an account signs in again, whatever its key or tokens are now. */
  readonly identity?: string;
}

/** Where a sandbox's Campaign Monitor is. */
type SandboxApi = Pick<RunningSandbox, 'campaignMonitorApi' | 'campaignMonitorOAuth' | 'credentials'>;

/** What the store needs of the sandbox process. */
export interface AccountSandbox {
  start(): Promise<SandboxApi>;
  running(): SandboxApi | undefined | Promise<SandboxApi | undefined>;
}

/** Whether an account's Campaign Monitor reaches what is not public. */
export function reachOf({ kind }: Pick<Account, 'kind'>): Reach {
  return { reachesLocal: kind === 'sandbox' };
}

/** An account cannot be used now. */
export class AccountError extends Error {
  override readonly name = 'AccountError';
  readonly kind: 'signed-out' | 'sandbox-stopped';
  readonly next: string;
  constructor(kind: 'signed-out' | 'sandbox-stopped', message: string, next: string) {
    super(message);
    this.kind = kind;
    this.next = next;
  }
}

const accountsKey = `${prefix}.accounts`;
const credentialsKey = `${prefix.toLowerCase()}-account.`;

/** What the store needs of an ExtensionContext. */
export type StoreContext = Pick<vscode.ExtensionContext, 'globalState' | 'secrets' | 'subscriptions'>;

/** The accounts of all windows, in the order of their sign-in. A credential leaves it only inside an API client. */
export class AccountStore {
  readonly #context: StoreContext;
  readonly #sandbox: AccountSandbox;
  readonly #changed = new vscode.EventEmitter<void>();
  /** One client an account, since one client alone may refresh its tokens at a time. */
  readonly #apis = new Map<string, Promise<CampaignMonitorApi>>();

  /** An account was signed in or out, here or in another window. */
  readonly onDidChange = this.#changed.event;

  constructor(context: StoreContext, sandbox: AccountSandbox) {
    this.#context = context;
    this.#sandbox = sandbox;
    context.subscriptions.push(
      this.#changed,
      context.secrets.onDidChange(({ key }) => {
        if (!key.startsWith(credentialsKey)) return;
        this.#apis.delete(key.slice(credentialsKey.length));
        this.#changed.fire();
      }),
    );
  }

  /** The accounts, in the order in which they were signed in. */
  all(): readonly Account[] {
    return this.#context.globalState.get<readonly Account[]>(accountsKey, []);
  }

  /** The account with this id, if it is still there. */
  find(id: string): Account | undefined {
    return this.all().find((each) => each.id === id);
  }

  /** Whether the account can be asked without starting anything: signed in, and the sandbox's only while that runs. */
  async isReachable(id: string): Promise<boolean> {
    const account = this.find(id);
    if (account === undefined) return false;
    return account.kind !== 'sandbox' || (await this.#sandbox.running()) !== undefined;
  }

  /**
   * Keeps an account. One that signs in again, by the same key or with the same clients, stays the account it was.
   * @param credential null for the sandbox, which brings its own
   */
  async add(account: Omit<Account, 'id'>, credential: CampaignMonitorCredential | null): Promise<Account> {
    const known = await this.#same(account, credential);
    const added: Account = { ...account, id: known?.id ?? randomBytes(8).toString('hex') };
    if (credential !== null) await this.#context.secrets.store(credentialsKey + added.id, JSON.stringify(credential));
    this.#apis.delete(added.id);
    await this.#write([...this.all().filter(({ id }) => id !== added.id), added]);
    return added;
  }

  /** Forgets an account with its credential. */
  async remove(id: string): Promise<void> {
    this.#apis.delete(id);
    await this.#context.secrets.delete(credentialsKey + id);
    await this.#write(this.all().filter((each) => each.id !== id));
  }

  /**
   * The client of an account's API. The sandbox is started only where `startSandbox` says so, as an action may and a
   * view that is merely looked at may not.
   * @throws AccountError where the account is signed out or its sandbox does not run
   */
  async api(account: Account, { startSandbox = false } = {}): Promise<CampaignMonitorApi> {
    if (account.kind === 'sandbox') return this.#sandboxApi(startSandbox);
    const known = this.#apis.get(account.id);
    if (known !== undefined) return known;
    const made = this.#make(account);
    this.#apis.set(account.id, made);
    made.catch(() => this.#apis.delete(account.id));
    return made;
  }

  async #sandboxApi(start: boolean): Promise<CampaignMonitorApi> {
    const running = (await this.#sandbox.running()) ?? (start ? await this.#sandbox.start() : undefined);
    if (running === undefined) {
      throw new AccountError(
        'sandbox-stopped',
        vscode.l10n.t('The sandbox isn’t running'),
        vscode.l10n.t('Start the sandbox, and then refresh.'),
      );
    }
    const { CampaignMonitorApi } = await import('../deferred.ts');
    return new CampaignMonitorApi({
      baseUrl: running.campaignMonitorApi,
      oauthBase: running.campaignMonitorOAuth,
      credential: { kind: 'api-key', apiKey: running.credentials.campaignMonitor.apiKey },
    });
  }

  async #make(account: Account): Promise<CampaignMonitorApi> {
    const { CampaignMonitorApi, serviceAt } = await import('../deferred.ts');
    const service = serviceAt(account.host);
    const credential = await this.#credential(account.id);
    if (service === null || credential === undefined) {
      throw new AccountError(
        'signed-out',
        vscode.l10n.t('You’re signed out of “{0}”', account.label),
        vscode.l10n.t('Sign in again.'),
      );
    }
    return new CampaignMonitorApi({
      baseUrl: service.apiBase,
      oauthBase: service.oauthBase,
      credential,
      onRefreshed: async ({ accessToken, refreshToken }) => {
        // Signed out meanwhile: the tokens stay forgotten.
        if (this.find(account.id) === undefined) return;
        const fresh: CampaignMonitorCredential = { kind: 'oauth', accessToken, refreshToken };
        await this.#context.secrets.store(credentialsKey + account.id, JSON.stringify(fresh));
      },
    });
  }

  async #credential(id: string): Promise<CampaignMonitorCredential | undefined> {
    const text = await this.#context.secrets.get(credentialsKey + id);
    return text === undefined ? undefined : (JSON.parse(text) as CampaignMonitorCredential);
  }

  async #same(
    account: Omit<Account, 'id'>,
    credential: CampaignMonitorCredential | null,
  ): Promise<Account | undefined> {
    for (const each of this.all()) {
      if (each.kind !== account.kind || each.host !== account.host) continue;
      if (each.kind === 'sandbox' || (account.identity !== undefined && each.identity === account.identity))
        return each;
      const kept = await this.#credential(each.id);
      if (kept?.kind === 'api-key' && credential?.kind === 'api-key' && kept.apiKey === credential.apiKey) return each;
    }
    return undefined;
  }

  async #write(accounts: readonly Account[]): Promise<void> {
    await this.#context.globalState.update(accountsKey, accounts);
    this.#changed.fire();
  }
}
