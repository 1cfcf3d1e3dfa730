/** The secrets of each host are in SecretStorage; the sandbox has its own. */
import * as vscode from 'vscode';
import type { OpenConnectorsApi } from '../deferred.ts';
import { onSetting, setting, trimText, writeSetting } from '../configuration.ts';
import type { OpenConnectorsOptions } from '../../open-connectors/http.ts';
import type { SandboxProcess } from '../sandbox/sandbox-process.ts';
import { prefix } from '../prefix.ts';

const sandboxHost = 'sandbox';

export type OpenConnectorsSecrets = Pick<OpenConnectorsOptions, 'userSecret' | 'organizationSecret'>;

/** A list of hosts with stored secrets, because SecretStorage can't list them. */
const hostsKey = `${prefix}.openConnectorsHosts`;

export class Platform {
  readonly #context: vscode.ExtensionContext;
  readonly #sandbox: SandboxProcess;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;

  constructor(context: vscode.ExtensionContext, sandbox: SandboxProcess) {
    this.#context = context;
    this.#sandbox = sandbox;
    context.subscriptions.push(
      this.#changed,
      context.secrets.onDidChange(({ key }) => {
        if (key.startsWith(secretsKey(''))) this.#changed.fire();
      }),
      onSetting('openConnectors.host', () => this.#changed.fire()),
      sandbox.onDidChange(() => {
        if (this.isSandbox) this.#changed.fire();
      }),
    );
  }

  /** A host name, a URL, or `sandbox`. */
  get host(): string {
    return trimText(setting('openConnectors.host'));
  }

  get isSandbox(): boolean {
    return this.host === sandboxHost;
  }

  async setHost(host: string): Promise<void> {
    await writeSetting('openConnectors.host', host);
  }

  async secretsSet(host: string): Promise<boolean> {
    return host === sandboxHost || (await this.#secrets(host)) !== undefined;
  }

  async storeSecrets(host: string, { userSecret, organizationSecret }: OpenConnectorsSecrets): Promise<void> {
    await this.#context.globalState.update(hostsKey, [...new Set([...this.#noted, host])]);
    await this.#context.secrets.store(secretsKey(host), JSON.stringify({ userSecret, organizationSecret }));
  }

  /** Checks the current host too, in case it isn't listed. */
  async hostsWithSecrets(): Promise<readonly string[]> {
    const hosts: string[] = [];
    for (const host of new Set([...this.#noted, this.host])) {
      if ((await this.#context.secrets.get(secretsKey(host))) !== undefined) hosts.push(host);
    }
    return hosts;
  }

  async forgetSecrets(hosts: readonly string[]): Promise<void> {
    for (const host of hosts) await this.#context.secrets.delete(secretsKey(host));
    await this.#context.globalState.update(hostsKey, undefined);
  }

  /**
   * Undefined if the secrets aren't set or the sandbox isn't running. Only a user action may start the sandbox.
   * @throws the sandbox's start error
   */
  async api(
    options: { readonly host?: string; readonly startSandbox?: boolean } = {},
  ): Promise<OpenConnectorsApi | undefined> {
    const { host = this.host, startSandbox = false } = options;
    let address = host;
    let secrets: OpenConnectorsSecrets | undefined;
    if (host === sandboxHost) {
      const running = await (startSandbox ? this.#sandbox.start() : this.#sandbox.find());
      address = running?.openConnectorsApi ?? '';
      secrets = running?.credentials.openConnectors;
    } else secrets = await this.#secrets(host);
    if (secrets === undefined) return undefined;
    const { OpenConnectorsApi, baseUrlOf } = await import('../deferred.ts');
    const { userSecret, organizationSecret } = secrets;
    const timeoutMs = setting('openConnectors.timeoutSeconds') * 1000;
    return new OpenConnectorsApi({ baseUrl: baseUrlOf(address), userSecret, organizationSecret, timeoutMs });
  }

  async #secrets(host: string): Promise<OpenConnectorsSecrets | undefined> {
    const text = await this.#context.secrets.get(secretsKey(host));
    return text === undefined ? undefined : (JSON.parse(text) as OpenConnectorsSecrets);
  }

  get #noted(): readonly string[] {
    return this.#context.globalState.get<readonly string[]>(hostsKey, []);
  }
}

function secretsKey(host: string): string {
  return `${prefix}.openConnectors.${host}`;
}
