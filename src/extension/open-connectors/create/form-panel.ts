/** The form of a new instance: one panel, which survives hiding and the reload of the window. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { formViewType } from './restore-form.ts';
import type * as client from '../../deferred.ts';
import { createInstance } from './interactive-creation.ts';
import type { Creation } from './interactive-creation.ts';
import type { InstanceStore } from '../instances/instance-store.ts';
import type { Platform } from '../platform.ts';
import { keepVerifyKey } from '../instances/verify-keys.ts';
import type { BrowserAuthorization } from '../../oauth/browser-authorization.ts';
import type { SandboxProcess } from '../../sandbox/sandbox-process.ts';
import type { SecretBox } from '../../relay/secrets.ts';
import { nextOf } from '../../ui/error-words.ts';
import type { Session } from '../../relay/session.ts';
import { keptRelayUrl } from './kept-fields.ts';
import type {
  CreatedInstance,
  FormAction,
  FormFields,
  FormView,
  HostMessage,
  PageMessage,
  SecretField,
} from './messages.ts';
import { offeredRegions, viewOfFields } from './form-view.ts';
import { pageHtml, pageOptions } from '../../ui/page-html.ts';
import { RelayAddresses } from './relay-addresses.ts';
import { formTexts } from './texts.ts';

export interface FormParts {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly secrets: SecretBox;
  readonly session: Session;
  readonly platform: Platform;
  readonly instances: InstanceStore;
  readonly browser: BrowserAuthorization;
  readonly sandbox: SandboxProcess;
  /** Asks for lists until the signal says otherwise; undefined where nothing was chosen. */
  readonly pickLists: (chosen: readonly string[], signal: AbortSignal) => Promise<readonly string[] | undefined>;
}

type Client = typeof client;
type Handler = () => unknown;

/**
 * The panel and what its form holds. The page only draws: fields, secrets and what is under way are here, and every
 * message of the page is checked.
 */
export class FormPanel implements vscode.Disposable {
  readonly #parts: FormParts;
  readonly #relay: RelayAddresses;
  readonly #createInstance: ReturnType<typeof createInstance>;
  #panel: vscode.WebviewPanel | undefined;
  #client: Client | undefined;
  /** The page is there and listens. */
  #ready = false;
  #fields: FormFields | undefined;
  /** What was typed or generated here; in memory alone, and gone with the panel. */
  #secrets: Partial<Record<SecretField, string>> = {};
  #stored = false;
  /** The form that came back had the relay's URL. */
  #relayUrlWanted = false;
  #abort: AbortController | undefined;
  #busy: FormView['busy'];
  #error: string | undefined;
  #done: string | undefined;
  #created: CreatedInstance | undefined;
  /** Messages are answered one after another. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: FormParts) {
    this.#parts = parts;
    this.#relay = new RelayAddresses(parts.session);
    this.#createInstance = createInstance(parts);
    parts.context.subscriptions.push(
      this,
      this.#relay.onDidChange(() => {
        this.#fillKept();
        this.#refresh();
      }),
      parts.platform.onDidChange(() => this.#later(() => this.#readStored())),
    );
  }

  /** Shows the form, as it was left or new. */
  open(): void {
    if (this.#panel !== undefined) {
      this.#panel.reveal();
      return;
    }
    this.#use(
      vscode.window.createWebviewPanel(formViewType, vscode.l10n.t('New Instance'), vscode.ViewColumn.Active, {
        enableFindWidget: true,
      }),
    );
  }

  /** Shows the form with the sandbox's values in it. */
  async openForSandbox(): Promise<void> {
    this.open();
    await this.#prepare();
    await this.#carryOut('useSandbox');
  }

  /** Takes the panel of the time before a reload. Its page says itself what it kept. */
  restore(panel: vscode.WebviewPanel): void {
    // One form is enough.
    if (this.#panel === undefined) this.#use(panel);
    else panel.dispose();
  }

  dispose(): void {
    this.#panel?.dispose();
  }

  #use(panel: vscode.WebviewPanel): void {
    const { extensionUri } = this.#parts.context;
    this.#panel = panel;
    this.#ready = false;
    panel.iconPath = vscode.Uri.joinPath(extensionUri, 'media', 'icon.png');
    panel.onDidDispose(() => this.#forget());
    panel.webview.onDidReceiveMessage((message) => this.#later(() => this.#receive(message)));
    panel.webview.options = pageOptions(extensionUri);
    panel.webview.html = pageHtml(panel.webview, extensionUri, { name: 'form', title: vscode.l10n.t('New Instance') });
  }

  /** Secrets go with the panel. */
  #forget(): void {
    this.#abort?.abort();
    this.#panel = undefined;
    this.#ready = false;
    this.#fields = undefined;
    this.#secrets = {};
    this.#created = undefined;
    this.#relayUrlWanted = false;
    this.#error = this.#done = this.#busy = undefined;
  }

  #later(step: () => unknown): void {
    this.#last = this.#last.then(step).catch((error: unknown) => {
      this.#parts.log.error(`the form: ${(error as Error).message}`);
    });
  }

  async #prepare(): Promise<Client> {
    this.#client ??= await import('../../deferred.ts');
    this.#fields ??= this.#client.emptyFields(this.#parts.platform.host, await this.#thisMachinesCallback());
    return this.#client;
  }

  async #receive(raw: unknown): Promise<void> {
    const client = await this.#prepare();
    const message = client.readPageMessage(raw);
    if (message === undefined) {
      this.#parts.log.warn('the form’s page said something that is not understood; it was passed over');
      return;
    }
    await this.#answer(client, message);
  }

  async #answer(client: Client, message: PageMessage): Promise<void> {
    switch (message.type) {
      case 'ready': {
        // What this window knows is newer than what the page kept, unless the window knows nothing yet.
        if (!this.#ready) this.#takeKept(client.readKeptFields(message.kept));
        this.#ready = true;
        await this.#readStored();
        this.#show();
        this.#fillKept();
        return;
      }
      case 'changed': {
        const host = this.#host;
        this.#fields = message.fields;
        this.#relayUrlWanted = false;
        if (this.#host !== host) {
          delete this.#secrets.userSecret;
          delete this.#secrets.organizationSecret;
          await this.#readStored();
        }
        this.#refresh();
        return;
      }
      case 'secret':
        this.#secrets = { ...this.#secrets, [message.field]: message.value };
        if (message.done) await this.#storeSecrets();
        {
          this.#refresh();
          return;
        }
      case 'action':
        // Not awaited: what is typed meanwhile is answered, and a second click finds the first under way.
        void this.#carryOut(message.action);
        return;
    }
  }

  #takeKept(kept: FormFields | undefined): void {
    if (kept === undefined) return;
    this.#relayUrlWanted = kept.callbackUrl === keptRelayUrl;
    this.#fields = this.#relayUrlWanted ? { ...kept, callbackUrl: '' } : kept;
  }

  /** The relay's URL is kept nowhere: it comes back when the relay is there. */
  #fillKept(): void {
    if (!this.#relayUrlWanted || !this.#ready) return;
    const callbackUrl = this.#relay.current(this.#fields?.region === this.#client?.sandboxRegion);
    if (callbackUrl === undefined) return;
    this.#relayUrlWanted = false;
    this.#fill({ callbackUrl });
  }

  get #host(): string | undefined {
    return this.#fields === undefined ? undefined : this.#client?.hostOf(this.#fields);
  }

  async #readStored(): Promise<void> {
    const host = this.#host;
    const set = host !== undefined && (await this.#parts.platform.secretsSet(host));
    // Whoever chose another host meanwhile has seen to its secrets.
    if (host === this.#host) this.#stored = set;
    this.#refresh();
  }

  /** The callback to register for this machine's own page. */
  async #thisMachinesCallback(): Promise<string> {
    return (await this.#parts.browser.callbacks()).loopback;
  }

  #post(message: HostMessage): void {
    if (this.#ready) void this.#panel?.webview.postMessage(message);
  }

  #show(): void {
    if (this.#fields === undefined || this.#client === undefined) return;
    this.#post({
      type: 'show',
      texts: formTexts(),
      regions: offeredRegions(this.#client),
      fields: this.#fields,
      view: this.#view(this.#client, this.#fields),
    });
  }

  #refresh(): void {
    if (this.#fields === undefined || this.#client === undefined) return;
    this.#post({ type: 'view', view: this.#view(this.#client, this.#fields) });
  }

  #fill(change: Partial<FormFields>): void {
    if (this.#fields === undefined || this.#client === undefined) return;
    this.#fields = { ...this.#fields, ...change };
    this.#post({ type: 'fill', fields: this.#fields, view: this.#view(this.#client, this.#fields) });
  }

  #view(client: Client, fields: FormFields): FormView {
    return {
      ...viewOfFields(client, fields, { typed: this.#secrets, stored: this.#stored }),
      relay: this.#relay.describe(fields.callbackUrl),
      busy: this.#busy,
      error: this.#error,
      done: this.#done,
      created: this.#created,
    };
  }

  /** Carries out a button; what it throws is logged once and stands in the form with what to do next. */
  async #carryOut(action: FormAction): Promise<void> {
    if (action === 'cancel' || action === 'showLog') {
      // They are about what is under way or was said: that stays.
      await this.#handlers[action]();
      return;
    }
    if (this.#busy !== undefined) return;
    const panel = this.#panel;
    this.#error = this.#done = undefined;
    try {
      await this.#handlers[action]();
    } catch (error) {
      const { message } = error as Error;
      this.#parts.log.error(`the form: ${message}`);
      const next = nextOf(error, vscode.l10n);
      this.#error = next === undefined ? `${message}.` : `${message}. ${next}`;
    } finally {
      // Of a panel that was closed meanwhile nothing is left to be cleared.
      if (this.#panel === panel) {
        this.#busy = this.#abort = undefined;
        this.#refresh();
      }
    }
  }

  readonly #handlers: Readonly<Record<FormAction, Handler>> = {
    useSandbox: () => this.#useSandbox(),
    fillCallback: () => this.#fillCallback(),
    useThisMachine: async () => this.#fill({ oauthCallbackUrl: await this.#thisMachinesCallback() }),
    generateKey: () => {
      this.#secrets.signatureKey = randomBytes(32).toString('base64');
      this.#done = vscode.l10n.t('A key has been generated.');
    },
    copyKey: () => this.#copy(this.#secrets.signatureKey),
    pickLists: () => this.#pickLists(),
    copyJson: () => this.#copyPreview(),
    copyCurl: () => this.#copyCurl(),
    create: () => this.#create(),
    cancel: () => this.#abort?.abort(),
    showLog: () => this.#parts.log.show(),
    copyId: () => this.#copy(this.#created?.id),
    copyToken: async () => this.#copy(await this.#token()),
    copyInstanceCurl: () => this.#copyInstanceCurl(),
    showToken: async () => {
      const token = await this.#token();
      if (token !== undefined) this.#post({ type: 'token', token });
    },
    another: () => {
      this.#created = undefined;
      // The app stays the same; a key is of one instance.
      delete this.#secrets.signatureKey;
      this.#fill({ name: '' });
    },
  };

  /** Something that takes a while: the page says what, and can cancel it where the work takes a signal. */
  async #during<Result>(text: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    this.#abort = new AbortController();
    this.#busy = { text, cancellable: work.length > 0 };
    this.#refresh();
    return work(this.#abort.signal);
  }

  async #copy(text: string | undefined): Promise<void> {
    if (text === undefined) return;
    await vscode.env.clipboard.writeText(text);
    this.#done = vscode.l10n.t('Copied.');
  }

  async #useSandbox(): Promise<void> {
    const client = await this.#prepare();
    const { credentials } = await this.#during(vscode.l10n.t('Starting the sandbox…'), () =>
      this.#parts.sandbox.start(),
    );
    const { apiKey, oauthClientId, oauthClientSecret } = credentials.campaignMonitor;
    this.#secrets = { ...this.#secrets, apiSecret: oauthClientSecret, campaignMonitorApiKey: apiKey };
    this.#stored = true;
    const callbackUrl = this.#relay.current(true) ?? this.#fields?.callbackUrl ?? '';
    this.#done = vscode.l10n.t('The sandbox’s values are filled in.');
    this.#fill({
      region: client.sandboxRegion,
      host: '',
      ...((this.#fields?.name ?? '') === '' && { name: vscode.l10n.t('Sandbox') }),
      apiKey: oauthClientId,
      // Its app takes any port of this machine.
      oauthCallbackUrl: await this.#thisMachinesCallback(),
      ...((this.#fields?.listIds ?? '').trim() === '' && { listIds: client.documentedListId }),
      callbackUrl,
    });
  }

  async #fillCallback(): Promise<void> {
    const sandbox = this.#fields?.region === this.#client?.sandboxRegion;
    const url = await this.#during(vscode.l10n.t('Waiting for the relay’s URL…'), () => this.#relay.obtain(sandbox));
    if (url === undefined) return;
    this.#done = vscode.l10n.t('The relay’s URL is filled in.');
    this.#fill({ callbackUrl: url });
  }

  async #pickLists(): Promise<void> {
    const client = await this.#prepare();
    const lists = await this.#during(vscode.l10n.t('Waiting for the lists to be picked…'), async (signal) => {
      if (!(await this.#keepPlatform())) return undefined;
      return this.#parts.pickLists(client.parseListIds(this.#fields?.listIds ?? ''), signal);
    });
    if (lists !== undefined) this.#fill({ listIds: lists.join(',\n') });
  }

  async #copyPreview(): Promise<void> {
    const client = await this.#prepare();
    if (this.#fields !== undefined) await this.#copy(client.previewOf(this.#fields, this.#secrets));
  }

  async #copyCurl(): Promise<void> {
    const client = await this.#prepare();
    const host = this.#host;
    if (this.#fields === undefined || host === undefined) return;
    const body = client.buildInstanceBody(client.instanceInput(this.#fields, this.#secrets));
    await this.#copy(client.toInstanceCurl(body, { baseUrl: await this.#baseUrl(client, host), withSecrets: false }));
  }

  async #copyInstanceCurl(): Promise<void> {
    const client = await this.#prepare();
    const host = this.#host;
    if (this.#created === undefined || host === undefined) return;
    const base = await this.#baseUrl(client, host);
    await this.#copy(client.instanceReadCurl(Number(this.#created.id), base));
  }

  async #baseUrl(client: Client, host: string): Promise<string> {
    if (host !== client.sandboxRegion) return client.baseUrlOf(host);
    return (await this.#parts.platform.api({ startSandbox: true }))?.baseUrl ?? '';
  }

  async #token(): Promise<string | undefined> {
    const host = this.#host;
    if (this.#created === undefined || host === undefined) return undefined;
    return this.#parts.instances.token(host, Number(this.#created.id));
  }

  /** What the form says of the platform becomes the settings' host and the kept secrets. */
  async #keepPlatform(): Promise<boolean> {
    const { platform } = this.#parts;
    const host = this.#host;
    if (host === undefined) return false;
    if (platform.host !== host) await platform.setHost(host);
    await this.#storeSecrets();
    return true;
  }

  /** Keeps the platform's secrets for the host, once both have been typed. */
  async #storeSecrets(): Promise<void> {
    const host = this.#host;
    const userSecret = this.#secrets.userSecret?.trim() ?? '';
    const organizationSecret = this.#secrets.organizationSecret?.trim() ?? '';
    if (host === undefined || userSecret === '' || organizationSecret === '') return;
    await this.#parts.platform.storeSecrets({ userSecret, organizationSecret }, host);
    this.#stored = true;
  }

  async #create(): Promise<void> {
    const client = await this.#prepare();
    const fields = this.#fields;
    if (fields === undefined) return;
    if (client.checkForm(fields, this.#secrets, this.#stored).some(({ severity }) => severity === 'error')) return;
    const text =
      fields.authentication === 'oauth'
        ? vscode.l10n.t('Access is asked for in the browser, then the instance is created…')
        : vscode.l10n.t('The instance is being created…');
    const input = client.instanceInput(fields, this.#secrets);
    const creation = await this.#during(text, async (signal): Promise<Creation> => {
      if (!(await this.#keepPlatform())) return { kind: 'cancelled' };
      return this.#createInstance(input, signal);
    });
    if (creation.kind === 'failed') this.#error = creation.message;
    if (creation.kind === 'cancelled') this.#done = vscode.l10n.t('Cancelled. Nothing was created.');
    if (creation.kind !== 'created') return;
    this.#created = { id: String(creation.id), name: creation.name };
    const { secrets, instances: store } = this.#parts;
    const { signatureKey: key, name } = creation;
    if (key === null) {
      this.#done = vscode.l10n.t(
        'It was made before the window was loaded anew, so its signature key is not known here. If you have it, keep it by the command “Set Verify Key…”.',
      );
    } else if (key !== '') {
      try {
        await keepVerifyKey({ secrets, store }, creation, key);
        // By its name alone, since destinations name it.
        if (fields.signDirect) await secrets.set('signatureKeys', name.slice(0, 100), key);
      } catch (error) {
        // The instance is there all the same.
        this.#parts.log.error(`the signature key of a new instance was not kept: ${(error as Error).message}`);
        this.#done = vscode.l10n.t(
          'Its signature key could not be kept: {0}. Keep it by the command “Set Verify Key…”.',
          (error as Error).message,
        );
      }
    }
  }
}
