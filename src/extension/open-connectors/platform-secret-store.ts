/** The user secret and the organization secret of each host of the platform, in SecretStorage. The sandbox has its own. */
import type * as vscode from 'vscode';
import { prefix } from '../prefix.ts';

export interface OpenConnectorsSecrets {
  readonly userSecret: string;
  readonly organizationSecret: string;
}

/** The hosts whose secrets are set: SecretStorage does not list what it holds. */
const hostsKey = `${prefix}.openConnectorsHosts`;

/** What the secrets need of an ExtensionContext. */
export type SecretsContext = Pick<vscode.ExtensionContext, 'globalState' | 'secrets'>;

export class PlatformSecretStore {
  readonly #context: SecretsContext;

  constructor(context: SecretsContext) {
    this.#context = context;
  }

  /** Calls back when secrets of a host are set or forgotten, here or in another window. */
  onDidChange(listener: () => void): vscode.Disposable {
    return this.#context.secrets.onDidChange(({ key }) => {
      if (key.startsWith(secretsKey(''))) listener();
    });
  }

  /** The secrets of a host; undefined where none are kept. */
  async of(host: string): Promise<OpenConnectorsSecrets | undefined> {
    const text = await this.#context.secrets.get(secretsKey(host));
    return text === undefined ? undefined : (JSON.parse(text) as OpenConnectorsSecrets);
  }

  /** Keeps the secrets of a host, in place of those that were kept of it. */
  async store(host: string, { userSecret, organizationSecret }: OpenConnectorsSecrets): Promise<void> {
    await this.#context.globalState.update(hostsKey, [...new Set([...this.#noted, host])]);
    await this.#context.secrets.store(secretsKey(host), JSON.stringify({ userSecret, organizationSecret }));
  }

  /**
   * The hosts of which secrets are kept.
   * @param candidate a host that counts, too, where its secrets are kept without a note
   */
  async hosts(candidate: string): Promise<readonly string[]> {
    const hosts: string[] = [];
    for (const host of new Set([...this.#noted, candidate])) {
      if ((await this.#context.secrets.get(secretsKey(host))) !== undefined) hosts.push(host);
    }
    return hosts;
  }

  /** Forgets the secrets of these hosts, and which hosts had any. */
  async forget(hosts: readonly string[]): Promise<void> {
    for (const host of hosts) await this.#context.secrets.delete(secretsKey(host));
    await this.#context.globalState.update(hostsKey, undefined);
  }

  get #noted(): readonly string[] {
    return this.#context.globalState.get<readonly string[]>(hostsKey, []);
  }
}

function secretsKey(host: string): string {
  return `${prefix}.openConnectors.${host}`;
}
