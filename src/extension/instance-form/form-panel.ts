import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { prefix } from '../prefix.ts';
import type * as client from '../deferred.ts';
import { nextOf } from '../ui/error-words.ts';
import { PageHost } from '../ui/page-host.ts';
import { createFormActions, storeSecrets } from './form-actions.ts';
import type { ActionHandlers, FormActionParts, FormInUse } from './form-actions.ts';
import type { FormState } from './form-state.ts';
import { relayUrlPlaceholder, type FormPageState } from './page-state.ts';
import type { FormAction, FormFields, FormView, HostMessage, PageMessage } from './messages.ts';
import { currentRelayUrl, describeRelay, offeredRegions, viewOfFields } from './form-view.ts';
import { formTexts } from './texts.ts';

export interface FormParts extends FormActionParts {
  readonly context: vscode.ExtensionContext;
}

type Client = typeof client;

interface UnderWay {
  readonly action: FormAction;
  readonly abort: AbortController;
  text: string | undefined;
}

interface Form {
  readonly client: Client;
  readonly state: FormState;
}

/** Canceled if the host changes. */
const ofOneHost: readonly FormAction[] = ['useSandbox', 'fillCallback'];

/** One panel that survives hiding and a reload of the window. The page only draws; its messages are validated. */
export class FormPanel implements vscode.Disposable {
  readonly #parts: FormParts;
  readonly #actions: ActionHandlers;
  #panel: vscode.WebviewPanel | undefined;
  #page: PageHost<PageMessage, HostMessage> | undefined;
  #isTaken = false;
  /** Contains secrets, so it is discarded with the panel. */
  #form: Form | undefined;
  #relayUrlWanted = false;
  #createdShown: () => void = () => undefined;
  #underWay: UnderWay | undefined;
  #error: string | undefined;
  #done: string | undefined;

  constructor(parts: FormParts) {
    this.#parts = parts;
    this.#actions = createFormActions(parts);
    parts.context.subscriptions.push(
      this,
      parts.session.onDidChange(() => {
        this.#fillKept();
        this.#refresh();
      }),
      parts.platform.onDidChange(() => this.#page?.inTurn(() => this.#readStored())),
    );
  }

  async open(): Promise<void> {
    if (this.#panel === undefined)
      this.#use(
        vscode.window.createWebviewPanel(`${prefix}.form`, say('New Instance'), vscode.ViewColumn.Active, {
          enableFindWidget: true,
        }),
      );
    else this.#panel.reveal();
    if (this.#form?.state.created !== undefined) await this.#carryOut('another');
  }

  async openForSandbox(): Promise<void> {
    await this.open();
    await this.#carryOut('useSandbox');
  }

  restore(panel: vscode.WebviewPanel): void {
    if (this.#panel === undefined) this.#use(panel);
    else panel.dispose();
  }

  dispose(): void {
    this.#panel?.dispose();
  }

  #use(panel: vscode.WebviewPanel): void {
    const { context, log } = this.#parts;
    this.#panel = panel;
    this.#form = undefined;
    this.#isTaken = false;
    panel.iconPath = vscode.Uri.joinPath(context.extensionUri, 'media', 'icon.png');
    panel.onDidDispose(() => this.#forget());
    this.#page = new PageHost(panel, {
      name: 'form',
      title: say('New Instance'),
      extensionUri: context.extensionUri,
      log,
      read: async (raw) => (await this.#prepare()).client.readPageMessage(raw),
      answer: async (message) => this.#answer(await this.#prepare(), message),
    });
  }

  #forget(): void {
    this.#createdShown();
    this.#underWay?.abort.abort();
    this.#panel = this.#page = undefined;
    this.#form = undefined;
    this.#relayUrlWanted = false;
    this.#underWay = this.#error = this.#done = undefined;
  }

  /** Also resolves when the page is closed or hidden, because it then reports nothing. */
  async #showCreated(): Promise<void> {
    if (this.#panel === undefined || this.#page?.isReady !== true || !this.#page.isVisible) return;
    const shown = new Promise<void>((resolve) => (this.#createdShown = resolve));
    this.#refresh();
    const hidden = this.#panel.onDidChangeViewState(({ webviewPanel }) => {
      if (!webviewPanel.visible) this.#createdShown();
    });
    await shown;
    hidden.dispose();
  }

  async #prepare(): Promise<Form> {
    const client = await import('../deferred.ts');
    const callback = await this.#parts.browser.loopbackCallback();
    return (this.#form ??= {
      client,
      state: new client.FormState(client.emptyFields(this.#parts.platform.host, callback)),
    });
  }

  async #answer({ client, state }: Form, message: PageMessage): Promise<void> {
    switch (message.type) {
      case 'ready':
        // The state in memory, if any, is newer than the page's.
        if (!this.#isTaken) this.#takePageState(state, client.readFormPageState(message.pageState));
        this.#isTaken = true;
        await this.#readStored();
        this.#show();
        this.#fillKept();
        return;
      case 'changed':
        await this.#change(state, message.fields);
        return;
      case 'secret':
        state.type(message.field, message.value);
        if (message.done) await storeSecrets(this.#parts, state);
        this.#refresh();
        return;
      case 'action':
        // Not awaited: the page's input must be handled during the action.
        void this.#carryOut(message.action);
        return;
      case 'createdShown':
        this.#createdShown();
        return;
    }
  }

  async #change(state: FormState, fields: FormFields): Promise<void> {
    this.#relayUrlWanted = false;
    if (!state.change(fields)) {
      this.#refresh();
      return;
    }
    if (this.#underWay !== undefined && ofOneHost.includes(this.#underWay.action)) this.#underWay.abort.abort();
    await this.#readStored();
    if (state.fields !== fields) this.#fill();
  }

  #takePageState(state: FormState, pageState: FormPageState | undefined): void {
    if (pageState === undefined) return;
    const { fields, created } = pageState;
    this.#relayUrlWanted = fields.callbackUrl === relayUrlPlaceholder;
    state.change(this.#relayUrlWanted ? { ...fields, callbackUrl: '' } : fields);
    if (created !== undefined && this.#parts.instances.find(created.host, Number(created.id)) !== undefined)
      state.created = created;
  }

  /** The relay's URL contains a secret, so it isn't stored but filled in again. */
  #fillKept(): void {
    if (!this.#relayUrlWanted || !this.#isTaken || this.#form === undefined) return;
    const { state } = this.#form;
    const callbackUrl = currentRelayUrl(this.#parts.session, state.isSandbox);
    if (callbackUrl === undefined) return;
    this.#relayUrlWanted = false;
    state.fill({ callbackUrl });
    this.#fill();
  }

  async #readStored(): Promise<void> {
    if (this.#form === undefined) return;
    const { state } = this.#form;
    const { host } = state;
    state.setStored(host, host !== undefined && (await this.#parts.platform.secretsSet(host)));
    this.#refresh();
  }

  #show(): void {
    if (this.#form === undefined) return;
    const { client, state } = this.#form;
    this.#page?.post({
      type: 'show',
      texts: formTexts(),
      regions: offeredRegions(client),
      fields: state.fields,
      view: this.#view(this.#form),
    });
  }

  #refresh(): void {
    if (this.#form !== undefined) this.#page?.post({ type: 'view', view: this.#view(this.#form) });
  }

  #fill(): void {
    if (this.#form === undefined) return;
    this.#page?.post({ type: 'fill', fields: this.#form.state.fields, view: this.#view(this.#form) });
  }

  #view({ client, state }: Form): FormView {
    return {
      ...viewOfFields(client, state),
      relay: describeRelay(this.#parts.session, state.fields.callbackUrl),
      busy: this.#underWay?.text,
      error: this.#error,
      done: this.#done,
      created: state.created,
    };
  }

  async #carryOut(action: FormAction): Promise<void> {
    if (action === 'cancel') {
      this.#underWay?.abort.abort();
      return;
    }
    if (action === 'showLog') {
      // Keep the message that offered the log.
      this.#parts.log.show();
      return;
    }
    if (this.#underWay !== undefined) return;
    const underWay: UnderWay = { action, abort: new AbortController(), text: undefined };
    this.#underWay = underWay;
    this.#error = this.#done = undefined;
    let fields: FormFields | undefined;
    try {
      const form = await this.#prepare();
      ({ fields } = form.state);
      await this.#actions[action](this.#inUse(form, underWay));
    } catch (error) {
      if (this.#underWay === underWay) this.#sayFailed(error, underWay.abort.signal);
    } finally {
      if (this.#underWay === underWay) {
        this.#underWay = undefined;
        if (this.#form?.state.fields === fields) this.#refresh();
        else this.#fill();
      }
    }
  }

  #sayFailed(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) {
      this.#done = say('Canceled.');
      return;
    }
    const { message } = error as Error;
    this.#parts.log.error(`the form: ${message}`);
    const next = nextOf(error);
    this.#error = next === undefined ? `${message}.` : `${message}. ${next}`;
  }

  #inUse({ client, state }: Form, underWay: UnderWay): FormInUse {
    const ifShown = (change: () => void): void => {
      if (this.#underWay === underWay) change();
    };
    return {
      client,
      state,
      say: (done) => ifShown(() => (this.#done = done)),
      fail: (message) => ifShown(() => (this.#error = message)),
      during: (text, work) => {
        underWay.text = text;
        this.#refresh();
        return work(underWay.abort.signal);
      },
      showCreated: () => {
        underWay.text = undefined;
        return this.#showCreated();
      },
      showToken: (token) => ifShown(() => this.#page?.post({ type: 'token', token })),
    };
  }
}
