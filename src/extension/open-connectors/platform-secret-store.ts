/**
 * The user secret and the organization secret of each Open Connectors host, in SecretStorage. The sandbox has its own.
 */
import type * as vscode from 'vscode';
import { prefix } from '../prefix.ts';

export interface OpenConnectorsSecrets {
  readonly userSecret: string;
  readonly organizationSecret: string;
}

/** The hosts with stored secrets, because SecretStorage can't list them. */
const hostsKey = `${prefix}.openConnectorsHosts`;

export type SecretsContext = Pick<vscode.ExtensionContext, 'globalState' | 'secrets'>;

export class PlatformSecretStore {
  readonly #context: SecretsContext;

  constructor(context: SecretsContext) {
    this.#context = context;
  }

  /** Calls back when a host's secrets are set or removed, here or in another window. */
  onDidChange(listener: () => void): vscode.Disposable {
    return this.#context.secrets.onDidChange(({ key }) => {
      if (key.startsWith(secretsKey(''))) listener();
    });
  }

  async of(host: string): Promise<OpenConnectorsSecrets | undefined> {
    const text = await this.#context.secrets.get(secretsKey(host));
    return text === undefined ? undefined : (JSON.parse(text) as OpenConnectorsSecrets);
  }

  async store(host: string, { userSecret, organizationSecret }: OpenConnectorsSecrets): Promise<void> {
    await this.#context.globalState.update(hostsKey, [...new Set([...this.#noted, host])]);
    await this.#context.secrets.store(secretsKey(host), JSON.stringify({ userSecret, organizationSecret }));
  }

  /** @param candidate another host to check, in case its secrets are stored but not listed */
  async hosts(candidate: string): Promise<readonly string[]> {
    const hosts: string[] = [];
    for (const host of new Set([...this.#noted, candidate])) {
      if ((await this.#context.secrets.get(secretsKey(host))) !== undefined) hosts.push(host);
    }
    return hosts;
  }

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
