/** Which Open Connectors this window talks to, and with whose secrets. */
import * as vscode from 'vscode';
import type { OpenConnectorsApi } from '../deferred.ts';
import { prefix } from '../commands.ts';
import type { PlatformSecrets } from '../relay/manage-secrets.ts';
import { configuration } from '../relay/settings.ts';

/** The value of the host setting that means the sandbox on this machine. */
const sandboxHost = 'sandbox';

export interface OpenConnectorsSecrets {
  readonly userSecret: string;
  readonly organizationSecret: string;
}

/** What the platform needs of the sandbox process. */
export interface SandboxSource {
  /** Finds the one that runs, or starts one. */
  start(): Promise<RunningSandbox>;
  /** Finds the one that runs. */
  find(): Promise<RunningSandbox | undefined>;
  readonly onDidChange: vscode.Event<unknown>;
}

interface RunningSandbox {
  readonly openConnectorsApi: string;
  readonly credentials: { readonly openConnectors: OpenConnectorsSecrets };
}

export interface PlatformParts {
  readonly context: vscode.ExtensionContext;
  readonly sandbox: SandboxSource;
}

const hostSetting = 'openConnectors.host';

/** The hosts whose secrets are set: SecretStorage does not list what it holds. */
const hostsKey = `${prefix}.openConnectorsHosts`;

export class Platform {
  readonly #context: vscode.ExtensionContext;
  readonly #sandbox: SandboxSource;
  readonly #changed = new vscode.EventEmitter<void>();
  /** Another host, or other secrets, here or in another window. */
  readonly onDidChange = this.#changed.event;

  constructor({ context, sandbox }: PlatformParts) {
    this.#context = context;
    this.#sandbox = sandbox;
    context.subscriptions.push(
      this.#changed,
      context.secrets.onDidChange(({ key }) => {
        if (key.startsWith(secretsKey(''))) this.#changed.fire();
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(`${prefix}.${hostSetting}`)) this.#changed.fire();
      }),
      sandbox.onDidChange(() => {
        if (this.isSandbox) this.#changed.fire();
      }),
    );
  }

  /** The host of the settings: a host name, a URL, or `sandbox`. */
  get host(): string {
    return configuration().get<string>('openConnectors.host', '').trim();
  }

  get isSandbox(): boolean {
    return this.host === sandboxHost;
  }

  /** Writes the setting, for every folder on this machine. */
  async setHost(host: string): Promise<void> {
    await configuration().update(hostSetting, host, vscode.ConfigurationTarget.Global);
  }

  /** Whether the secrets of the host are set. The sandbox has its own. */
  async secretsSet(host = this.host): Promise<boolean> {
    return host === sandboxHost || (await this.#secrets(host)) !== undefined;
  }

  /**
   * Asks for both secrets and keeps them for the host of the settings.
   * @returns whether they were given
   */
  async setSecrets(): Promise<boolean> {
    const { host } = this;
    if (host === sandboxHost) {
      void vscode.window.showInformationMessage(vscode.l10n.t('The sandbox brings its own secrets.'));
      return true;
    }
    const ask = (title: string, step: number): Thenable<string | undefined> =>
      vscode.window.showInputBox({
        title: `${title} (${step}/2)`,
        prompt: vscode.l10n.t(
          'For {0}. It is kept in VS Code’s secret storage. In Open Connectors it stands under your user’s menu, API Keys',
          host,
        ),
        password: true,
        ignoreFocusOut: true,
        validateInput: (text) =>
          /^[\x21-\x2b\x2d-\x7e]+$/.test(text.trim())
            ? undefined
            : vscode.l10n.t('Give the secret alone, without blanks and commas'),
      });
    const userSecret = await ask(vscode.l10n.t('User secret'), 1);
    if (userSecret === undefined) return false;
    const organizationSecret = await ask(vscode.l10n.t('Organization secret'), 2);
    if (organizationSecret === undefined) return false;
    await this.storeSecrets({ userSecret: userSecret.trim(), organizationSecret: organizationSecret.trim() }, host);
    return true;
  }

  /** Keeps secrets that were given elsewhere, as in the form. */
  async storeSecrets(secrets: OpenConnectorsSecrets, host = this.host): Promise<void> {
    const { userSecret, organizationSecret } = secrets;
    await this.#context.globalState.update(hostsKey, [...new Set([...this.#hosts, host])]);
    await this.#context.secrets.store(secretsKey(host), JSON.stringify({ userSecret, organizationSecret }));
  }

  /**
   * Forgets the secrets of every host, after a question.
   * @returns whether they were forgotten
   */
  async forgetSecrets(): Promise<boolean> {
    const { l10n, window } = vscode;
    const hosts = await this.#hostsWithSecrets();
    if (hosts.length === 0) {
      void window.showInformationMessage(l10n.t('No secrets of Open Connectors are kept.'));
      return false;
    }
    const forget = l10n.t('Forget Secrets');
    const choice = await window.showWarningMessage(
      l10n.t('Forget the secrets of Open Connectors?'),
      {
        modal: true,
        detail: [
          l10n.t(
            'The user secret and the organization secret are removed from this machine, for: {0}.',
            hosts.join(', '),
          ),
          l10n.t(
            'Instances stay as they are and go on posting; their tokens and signature keys stay here. To see or change instances from here, both secrets are needed again.',
          ),
        ].join('\n'),
      },
      forget,
    );
    if (choice !== forget) return false;
    for (const host of hosts) await this.#context.secrets.delete(secretsKey(host));
    await this.#context.globalState.update(hostsKey, undefined);
    return true;
  }

  /** Whether secrets of any host are kept. */
  async keepsSecrets(): Promise<boolean> {
    return (await this.#hostsWithSecrets()).length > 0;
  }

  /** What is kept of a host whose name was not noted counts, too, where the settings name it. */
  async #hostsWithSecrets(): Promise<readonly string[]> {
    const hosts: string[] = [];
    for (const host of new Set([...this.#hosts, this.host])) {
      if ((await this.#context.secrets.get(secretsKey(host))) !== undefined) hosts.push(host);
    }
    return hosts;
  }

  /**
   * The client of the host's API, or undefined where its secrets are not set. The sandbox is started only where
   * `startSandbox` says so, as an action may and a view that is merely looked at may not.
   * @throws what the sandbox says where it cannot be started
   */
  async api({ startSandbox = false }: { readonly startSandbox?: boolean } = {}): Promise<
    OpenConnectorsApi | undefined
  > {
    const { host } = this;
    const found = host === sandboxHost ? await this.#ofSandbox(startSandbox) : await this.#ofHost(host);
    if (found === undefined) return undefined;
    const { OpenConnectorsApi, baseUrlOf } = await import('../deferred.ts');
    const { userSecret, organizationSecret } = found.secrets;
    const timeoutMs = configuration().get<number>('openConnectors.timeoutSeconds', 60) * 1000;
    return new OpenConnectorsApi({ baseUrl: baseUrlOf(found.address), userSecret, organizationSecret, timeoutMs });
  }

  get #hosts(): readonly string[] {
    return this.#context.globalState.get<readonly string[]>(hostsKey, []);
  }

  async #ofHost(address: string): Promise<{ address: string; secrets: OpenConnectorsSecrets } | undefined> {
    const secrets = await this.#secrets(address);
    return secrets === undefined ? undefined : { address, secrets };
  }

  async #ofSandbox(start: boolean): Promise<{ address: string; secrets: OpenConnectorsSecrets } | undefined> {
    const running = await (start ? this.#sandbox.start() : this.#sandbox.find());
    if (running === undefined) return undefined;
    return { address: running.openConnectorsApi, secrets: running.credentials.openConnectors };
  }

  async #secrets(host: string): Promise<OpenConnectorsSecrets | undefined> {
    const text = await this.#context.secrets.get(secretsKey(host));
    return text === undefined ? undefined : (JSON.parse(text) as OpenConnectorsSecrets);
  }
}

function secretsKey(host: string): string {
  return `${prefix}.openConnectors.${host}`;
}

/** What **Manage Keys and Secrets…** does with the platform's secrets. */
export function createPlatformSecrets(platform: Platform): PlatformSecrets {
  return {
    set: async () => {
      const set = await platform.setSecrets();
      if (set && !platform.isSandbox) vscode.window.setStatusBarMessage(vscode.l10n.t('The secrets are kept.'), 5000);
      return set;
    },
    forget: async () => {
      if (!(await platform.forgetSecrets())) return;
      vscode.window.setStatusBarMessage(vscode.l10n.t('The secrets are forgotten.'), 5000);
    },
    kept: () => platform.keepsSecrets(),
  };
}
