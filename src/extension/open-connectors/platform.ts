/** Which Open Connectors this window uses: its host, and the client of its API. */
import * as vscode from 'vscode';
import type { OpenConnectorsApi } from '../deferred.ts';
import { onSetting, setting, trimText, writeSetting } from '../configuration.ts';
import type { RunningSandbox } from '../sandbox/shared-sandbox.ts';
import { PlatformSecretStore } from './platform-secret-store.ts';
import type { OpenConnectorsSecrets } from './platform-secret-store.ts';

/** The value of the host setting that means the sandbox on this machine. */
const sandboxHost = 'sandbox';

export interface SandboxSource {
  start(signal?: AbortSignal): Promise<RunningSandbox>;
  find(): Promise<RunningSandbox | undefined>;
  readonly onDidChange: vscode.Event<unknown>;
}

export interface ApiOptions {
  /** A value of the setting; by default the current one. */
  readonly host?: string;
  /** Starts the sandbox if necessary: an action may start it, a view may not. */
  readonly startSandbox?: boolean;
}

export class Platform {
  readonly #sandbox: SandboxSource;
  readonly #changed = new vscode.EventEmitter<void>();
  /** The host or its secrets have changed, here or in another window. */
  readonly onDidChange = this.#changed.event;
  readonly secrets: PlatformSecretStore;

  constructor({ context, sandbox }: { readonly context: vscode.ExtensionContext; readonly sandbox: SandboxSource }) {
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
