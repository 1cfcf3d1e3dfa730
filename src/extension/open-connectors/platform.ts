/** Which Open Connectors this window uses: its host, and the client of its API. */
import * as vscode from 'vscode';
import type { OpenConnectorsApi } from '../deferred.ts';
import { onSetting, setting, trimText, writeSetting } from '../configuration.ts';
import type { OpenConnectorsOptions } from '../../open-connectors/http.ts';
import type { SandboxProcess } from '../sandbox/sandbox-process.ts';
import { prefix } from '../prefix.ts';

/** The value of the host setting that means the sandbox on this machine. */
const sandboxHost = 'sandbox';

export interface ApiOptions {
  /** A value of the setting; by default the current one. */
  readonly host?: string;
  /** Starts the sandbox if necessary: an action may start it, a view may not. */
  readonly startSandbox?: boolean;
}

export class Platform {
  readonly #sandbox: SandboxProcess;
  readonly #changed = new vscode.EventEmitter<void>();
  /** The host or its secrets have changed, here or in another window. */
  readonly onDidChange = this.#changed.event;
  readonly secrets: PlatformSecretStore;

  constructor({ context, sandbox }: { readonly context: vscode.ExtensionContext; readonly sandbox: SandboxProcess }) {
    this.secrets = new PlatformSecretStore(context);
    this.#sandbox = sandbox;
    context.subscriptions.push(
      this.#changed,
      this.secrets.onDidChange(() => this.#changed.fire()),
      onSetting('openConnectors.host', () => this.#changed.fire()),
      sandbox.onDidChange(() => {
        if (this.isSandbox) this.#changed.fire();
      }),
    );
  }

  /** The host of the settings: a host name, a URL, or `sandbox`. */
  get host(): string {
    return trimText(setting('openConnectors.host'));
  }

  get isSandbox(): boolean {
    return this.host === sandboxHost;
  }

  /** Writes the setting for every folder on this machine. */
  async setHost(host: string): Promise<void> {
    await writeSetting('openConnectors.host', host);
  }

  async secretsSet(host = this.host): Promise<boolean> {
    return host === sandboxHost || (await this.secrets.of(host)) !== undefined;
  }

  /** Stores the secrets of a host, except the sandbox, which has its own. */
  async storeSecrets(secrets: OpenConnectorsSecrets, host: string): Promise<void> {
    if (host !== sandboxHost) await this.secrets.store(host, secrets);
  }

  /** Undefined if the secrets aren't set, or the sandbox isn't running. @throws the sandbox's error at its start */
  async api({ host = this.host, startSandbox = false }: ApiOptions = {}): Promise<OpenConnectorsApi | undefined> {
    const found = host === sandboxHost ? await this.#ofSandbox(startSandbox) : await this.#ofHost(host);
    if (found === undefined) return undefined;
    const { OpenConnectorsApi, baseUrlOf } = await import('../deferred.ts');
    const { userSecret, organizationSecret } = found.secrets;
    const timeoutMs = setting('openConnectors.timeoutSeconds') * 1000;
    return new OpenConnectorsApi({ baseUrl: baseUrlOf(found.address), userSecret, organizationSecret, timeoutMs });
  }

  async #ofHost(address: string): Promise<{ address: string; secrets: OpenConnectorsSecrets } | undefined> {
    const secrets = await this.secrets.of(address);
    return secrets === undefined ? undefined : { address, secrets };
  }

  async #ofSandbox(start: boolean): Promise<{ address: string; secrets: OpenConnectorsSecrets } | undefined> {
    const running = await (start ? this.#sandbox.start() : this.#sandbox.find());
    if (running === undefined) return undefined;
    return { address: running.openConnectorsApi, secrets: running.credentials.openConnectors };
  }
}

export type OpenConnectorsSecrets = Pick<OpenConnectorsOptions, 'userSecret' | 'organizationSecret'>;

/** The hosts with stored secrets, because SecretStorage can't list them. */
const hostsKey = `${prefix}.openConnectorsHosts`;

export class PlatformSecretStore {
  readonly #context: vscode.ExtensionContext;

  constructor(context: vscode.ExtensionContext) {
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
