import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { CampaignMonitorApi } from '../../campaign-monitor/api.ts';
import type { CampaignMonitorCredential } from '../../campaign-monitor/session.ts';
import { prefix } from '../prefix.ts';
import type { Reach } from '../public-url/url-place.ts';
import type { SandboxProcess } from '../sandbox/sandbox-process.ts';

export interface Account {
  readonly id: string;
  readonly label: string;
  readonly kind: 'api-key' | 'oauth' | 'sandbox';
  /** The only host that receives the credential. Empty for the sandbox, whose host changes. */
  readonly host: string;
  /** A hash of the client IDs, which recognizes the account even with another key or tokens. */
  readonly identity?: string;
}

export type AccountSandbox = Pick<SandboxProcess, 'start' | 'find'>;

export function reachOf({ kind }: Pick<Account, 'kind'>): Reach {
  return { reachesLocal: kind === 'sandbox' };
}

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

export type StoreContext = Pick<vscode.ExtensionContext, 'globalState' | 'secrets' | 'subscriptions'>;

/** A credential leaves this store only inside an API client. */
export class AccountStore {
  readonly #context: StoreContext;
  readonly #sandbox: AccountSandbox;
  readonly #changed = new vscode.EventEmitter<void>();
  /** One client per account, because only one at a time may refresh its tokens. */
  readonly #apis = new Map<string, Promise<CampaignMonitorApi>>();

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

  all(): readonly Account[] {
    return this.#context.globalState.get<readonly Account[]>(accountsKey, []);
  }

  find(id: string): Account | undefined {
    return this.all().find((each) => each.id === id);
  }

  /** Whether requests would start nothing: the account is signed in and its sandbox, if any, is running. */
  async isReachable(id: string): Promise<boolean> {
    const account = this.find(id);
    if (account === undefined) return false;
    return account.kind !== 'sandbox' || (await this.#sandbox.find()) !== undefined;
  }

  /** The same key or clients keep the account's ID. The credential is null for the sandbox, which has its own. */
  async add(account: Omit<Account, 'id'>, credential: CampaignMonitorCredential | null): Promise<Account> {
    const known = await this.#same(account, credential);
    const added: Account = { ...account, id: known?.id ?? randomBytes(8).toString('hex') };
    if (credential !== null) await this.#context.secrets.store(credentialsKey + added.id, JSON.stringify(credential));
    this.#apis.delete(added.id);
    await this.#write([...this.all().filter(({ id }) => id !== added.id), added]);
    return added;
  }

  async remove(id: string): Promise<void> {
    this.#apis.delete(id);
    await this.#context.secrets.delete(credentialsKey + id);
    await this.#write(this.all().filter((each) => each.id !== id));
  }

  /** Only actions may start the sandbox, not views. @throws AccountError if signed out or the sandbox is stopped */
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
    const running = (await this.#sandbox.find()) ?? (start ? await this.#sandbox.start() : undefined);
    if (running === undefined) {
      throw new AccountError(
        'sandbox-stopped',
        say('The sandbox isn’t running'),
        say('Start the sandbox, and then refresh.'),
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
      throw new AccountError('signed-out', say('You’re signed out of “{0}”', account.label), say('Sign in again.'));
    }
    return new CampaignMonitorApi({
      baseUrl: service.apiBase,
      oauthBase: service.oauthBase,
      credential,
      onRefreshed: async ({ accessToken, refreshToken }) => {
        // Signed out in the meantime: don't save the tokens.
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
