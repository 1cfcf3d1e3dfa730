import * as vscode from 'vscode';
import { reachOf, type AccountStore } from '../accounts/account-store.ts';
import { prefix } from '../prefix.ts';
import { focusedRows, type FocusedRows } from '../ui/focused-rows.ts';
import { Redraws } from '../ui/redraws.ts';
import type { KnownRelays } from '../session/known-relays.ts';
import type { Session } from '../session/session.ts';
import { followUrls, placeOfUrl, urlContext, type Place } from '../public-url/url-place.ts';
import { accountItem, clientItem, listItem, noteItem, webhookItem } from './webhook-items.ts';
import type { WebhookJournal } from './webhook-journal.ts';
import type { ListNode, WebhookNode, WebhooksNode, WebhookSource } from './webhook-source.ts';

export interface WebhooksViewParts {
  readonly accounts: AccountStore;
  readonly session: Session;
  readonly journal: WebhookJournal;
  readonly relays: KnownRelays;
  readonly source: WebhookSource;
}

export class WebhooksView implements vscode.Disposable, vscode.TreeDataProvider<WebhooksNode> {
  readonly #parts: WebhooksViewParts;
  readonly #view: vscode.TreeView<WebhooksNode>;
  readonly #changed = new vscode.EventEmitter<WebhooksNode[] | undefined>();
  readonly #redraws = new Redraws<WebhooksNode>((nodes) => this.#changed.fire(nodes));
  readonly #disposables: readonly { dispose(): unknown }[];

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(parts: WebhooksViewParts) {
    this.#parts = parts;
    const { accounts, session, relays, source } = parts;
    this.#view = vscode.window.createTreeView(`${prefix}.webhooks`, {
      treeDataProvider: this,
      canSelectMany: true,
      showCollapseAll: true,
    });
    this.#disposables = [
      this.#view,
      this.#changed,
      source,
      accounts.onDidChange(() => {
        this.#tell();
        this.refresh();
      }),
      // The relay's URL decides the marks; the vendor isn't asked.
      followUrls(session, relays, 'campaign-monitor', () => this.#redraws.draw()),
    ];
    this.#tell();
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }

  placeOf({ hook, list }: WebhookNode): Place {
    const around = urlContext(this.#parts.session, this.#parts.relays, 'campaign-monitor');
    return placeOfUrl(hook.url, reachOf(list.account), around);
  }

  isCreated({ list, hook }: WebhookNode): boolean {
    return this.#parts.journal
      .all()
      .some(
        ({ accountId, listId, ids }) =>
          accountId === list.account.id && listId === list.listId && ids.includes(hook.webhookId),
      );
  }

  selected(node?: WebhooksNode, nodes?: readonly WebhooksNode[]): readonly WebhooksNode[] {
    if (nodes !== undefined && nodes.length > 0) return nodes;
    return node === undefined ? this.#view.selection : [node];
  }

  readonly focused: FocusedRows<WebhooksNode> = (named) =>
    focusedRows({ view: this.#view, redraws: this.#redraws, itemOf: (node) => this.getTreeItem(node) }, named);

  get isVisible(): boolean {
    return this.#view.visible;
  }

  refresh(): void {
    this.#parts.source.forget();
    this.#redraws.draw();
  }

  refreshWebhooks(lists?: readonly ListNode[]): void {
    this.#parts.source.forgetWebhooks(lists);
    this.#redraws.draw();
  }

  /** Returns false if the view isn't open. */
  async unfold(lists: readonly ListNode[]): Promise<boolean> {
    if (!this.#view.visible) return false;
    for (const list of lists) {
      // A row that is gone can't be expanded, which is no failure of the action.
      await this.#view.reveal(list, { select: false, focus: false, expand: true }).then(undefined, () => undefined);
    }
    return true;
  }

  getParent(node: WebhooksNode): WebhooksNode | undefined {
    switch (node.kind) {
      case 'webhook':
        return node.list;
      case 'list':
        return node.client;
      case 'client':
        return this.#parts.accounts.all().length === 1 ? undefined : { kind: 'account', account: node.account };
      case 'account':
      case 'note':
        return undefined;
    }
  }

  getChildren(node?: WebhooksNode): Promise<WebhooksNode[]> {
    return this.#redraws.answer(node, () => this.#childrenOf(node));
  }

  async #childrenOf(node: WebhooksNode | undefined): Promise<WebhooksNode[]> {
    if (node === undefined) {
      const accounts = this.#parts.accounts.all();
      const [only] = accounts;
      if (accounts.length === 1 && only !== undefined)
        return this.#parts.source.children({ kind: 'account', account: only });
      return accounts.map((account) => ({ kind: 'account', account }));
    }
    return node.kind === 'webhook' || node.kind === 'note' ? [] : this.#parts.source.children(node);
  }

  getTreeItem(node: WebhooksNode): vscode.TreeItem {
    switch (node.kind) {
      case 'account':
        return accountItem(node);
      case 'client':
        return clientItem(node, !this.#parts.source.isLarge(node.account));
      case 'list':
        return listItem(node, this.#isRegistered(node));
      case 'webhook':
        return webhookItem(node, this.placeOf(node));
      case 'note':
        return noteItem(node);
    }
  }

  #isRegistered({ account, listId }: ListNode): boolean {
    return this.#parts.journal.all().some((each) => each.accountId === account.id && each.listId === listId);
  }

  #tell(): void {
    void vscode.commands.executeCommand('setContext', `${prefix}.signedIn`, this.#parts.accounts.all().length > 0);
  }

  followSandbox(): void {
    if (this.#parts.accounts.all().some(({ kind }) => kind === 'sandbox')) this.refresh();
  }
}
