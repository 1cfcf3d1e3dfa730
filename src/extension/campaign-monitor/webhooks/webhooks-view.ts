/** The view of webhooks in the sidebar: account, client, list, webhook, each asked for when it is unfolded. */
import * as vscode from 'vscode';
import { AccountError } from '../accounts/account-store.ts';
import type { Account, AccountStore } from '../accounts/account-store.ts';
import { prefix } from '../../commands.ts';
import { nextOf } from '../../ui/error-words.ts';
import type { ListNames } from '../list-names.ts';
import type { Session } from '../../relay/session.ts';
import { readRelayUrl } from './hook-url.ts';
import type { StoredJournal } from './journal.ts';
import type { AccountNode, ClientNode, ListNode, NoteNode, WebhookNode, WebhooksNode } from './webhook-node.ts';
import { placeOfHook } from './webhook-place.ts';
import type { Place, Whereabouts } from './webhook-place.ts';
import { accountItem, clientItem, listItem, noteItem, webhookItem } from './webhook-items.ts';

/** So many clients are unfolded by themselves. */
const fewClients = 3;

export interface WebhooksViewParts {
  readonly accounts: AccountStore;
  readonly session: Session;
  readonly journal: StoredJournal;
  /** Is told what lists are called. */
  readonly names: ListNames;
  readonly log: vscode.LogOutputChannel;
}

export class WebhooksView implements vscode.Disposable, vscode.TreeDataProvider<WebhooksNode> {
  readonly #accounts: AccountStore;
  readonly #session: Session;
  readonly #journal: StoredJournal;
  readonly #names: ListNames;
  readonly #log: vscode.LogOutputChannel;
  readonly #view: vscode.TreeView<WebhooksNode>;
  readonly #changed = new vscode.EventEmitter<WebhooksNode | undefined>();
  readonly #disposables: readonly { dispose(): unknown }[];
  /** What was loaded below a node, by its key, until it is refreshed. */
  readonly #children = new Map<string, Promise<WebhooksNode[]>>();
  /** Accounts of which more than a few clients came. */
  readonly #large = new Set<string>();
  #drawn = '';
  /** Ends what is being asked; none before something is. */
  #abort: AbortController | undefined;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor({ accounts, session, journal, names, log }: WebhooksViewParts) {
    this.#accounts = accounts;
    this.#session = session;
    this.#journal = journal;
    this.#names = names;
    this.#log = log;
    this.#view = vscode.window.createTreeView(`${prefix}.webhooks`, {
      treeDataProvider: this,
      canSelectMany: true,
      showCollapseAll: true,
    });
    this.#disposables = [
      this.#view,
      this.#changed,
      accounts.onDidChange(() => {
        this.#tell();
        this.refresh();
      }),
      session.onDidChange(() => this.#followRelay()),
    ];
    this.#tell();
  }

  dispose(): void {
    this.#abort?.abort();
    for (const each of this.#disposables) each.dispose();
  }

  /** Where this window's relay is, and where relays of this machine were. */
  whereabouts(): Whereabouts {
    const relays = this.#journal.relays();
    const running = this.#session.status;
    return {
      publicUrl: running?.publicCampaignMonitorUrl ?? null,
      localUrl: running?.campaignMonitorUrl ?? null,
      own:
        running === undefined
          ? relays.find(({ dataDir }) => dataDir === this.#session.dataDir)?.relay
          : readRelayUrl(running.campaignMonitorUrl)?.relay,
      relays,
    };
  }

  placeOf({ hook, list }: WebhookNode): Place {
    return placeOfHook(hook.url, list.account, this.whereabouts());
  }

  /** Whether this tool created a webhook. */
  isCreated({ list, hook }: WebhookNode): boolean {
    return this.#journal
      .all()
      .some(
        ({ accountId, listId, ids }) =>
          accountId === list.account.id && listId === list.listId && ids.includes(hook.webhookId),
      );
  }

  /** The nodes that a command acts on: the clicked one with the selection it belongs to, else the selection. */
  selected(node?: WebhooksNode, nodes?: readonly WebhooksNode[]): readonly WebhooksNode[] {
    if (nodes !== undefined && nodes.length > 0) return nodes;
    return node === undefined ? this.#view.selection : [node];
  }

  /** Asks for everything again. */
  refresh(): void {
    this.#abort?.abort();
    this.#abort = undefined;
    this.#children.clear();
    this.#changed.fire(undefined);
  }

  /** Asks for the webhooks of lists again; without any, of all lists. */
  refreshWebhooks(lists?: readonly ListNode[]): void {
    const keys = lists?.map(keyOf) ?? [...this.#children.keys()].filter((key) => key.includes('/list/'));
    for (const key of keys) this.#children.delete(key);
    this.#changed.fire(undefined);
  }

  /** The lists of an account, in the order of its clients. */
  async lists(
    account: Account,
    signal?: AbortSignal,
  ): Promise<{ readonly client: ClientNode; readonly lists: ListNode[] }[]> {
    const api = await this.#accounts.api(account, { startSandbox: true });
    const clients = (await api.clients(signal)).map(({ clientId, name }): ClientNode => {
      return { kind: 'client', account, clientId, name };
    });
    const found: { client: ClientNode; lists: ListNode[] }[] = [];
    // A few at a time: an agency has hundreds, and the vendor asks for a pause soon.
    for (let begin = 0; begin < clients.length; begin += 4) {
      const some = clients.slice(begin, begin + 4);
      const lists = await Promise.all(some.map(({ clientId }) => api.lists(clientId, signal)));
      this.#names.learn(account.id, lists.flat());
      for (const [index, client] of some.entries()) {
        found.push({
          client,
          lists: (lists[index] ?? []).map(({ listId, name }) => ({ kind: 'list', account, client, listId, name })),
        });
      }
    }
    return found;
  }

  /** Unfolds lists, so that what was registered is seen. */
  async unfold(lists: readonly ListNode[]): Promise<void> {
    if (!this.#view.visible) return;
    for (const list of lists) {
      // A row that has gone meanwhile cannot be unfolded: that is no failure of what was done.
      await this.#view.reveal(list, { select: false, focus: false, expand: true }).then(undefined, () => undefined);
    }
  }

  getParent(node: WebhooksNode): WebhooksNode | undefined {
    switch (node.kind) {
      case 'webhook':
        return node.list;
      case 'list':
        return node.client;
      case 'client':
        return this.#accounts.all().length === 1 ? undefined : { kind: 'account', account: node.account };
      case 'account':
      case 'note':
        return undefined;
    }
  }

  async getChildren(node?: WebhooksNode): Promise<WebhooksNode[]> {
    if (node === undefined) {
      const accounts = this.#accounts.all();
      const [only] = accounts;
      if (accounts.length === 1 && only !== undefined) return this.#load({ kind: 'account', account: only });
      return accounts.map((account) => ({ kind: 'account', account }));
    }
    return node.kind === 'webhook' || node.kind === 'note' ? [] : this.#load(node);
  }

  getTreeItem(node: WebhooksNode): vscode.TreeItem {
    switch (node.kind) {
      case 'account':
        return accountItem(node);
      case 'client':
        return clientItem(node, !this.#large.has(node.account.id));
      case 'list':
        return listItem(node, this.#isRegistered(node));
      case 'webhook':
        return webhookItem(node, this.placeOf(node));
      case 'note':
        return noteItem(node);
    }
  }

  #isRegistered({ account, listId }: ListNode): boolean {
    return this.#journal.all().some((each) => each.accountId === account.id && each.listId === listId);
  }

  #load(node: AccountNode | ClientNode | ListNode): Promise<WebhooksNode[]> {
    const key = keyOf(node);
    let children = this.#children.get(key);
    if (children === undefined) {
      this.#abort ??= new AbortController();
      children = this.#ask(node, this.#abort.signal).catch((error: unknown) => [this.#explain(key, error as Error)]);
      this.#children.set(key, children);
    }
    return children;
  }

  async #ask(node: AccountNode | ClientNode | ListNode, signal: AbortSignal): Promise<WebhooksNode[]> {
    const { account } = node;
    const api = await this.#accounts.api(account);
    switch (node.kind) {
      case 'account': {
        const clients = await api.clients(signal);
        if (clients.length > fewClients) this.#large.add(account.id);
        else this.#large.delete(account.id);
        if (clients.length === 0) return [note(node, vscode.l10n.t('No clients'), '', 'refreshWebhooks')];
        return clients.map(({ clientId, name }) => ({ kind: 'client', account, clientId, name }));
      }
      case 'client': {
        const lists = await api.lists(node.clientId, signal);
        this.#names.learn(account.id, lists);
        if (lists.length === 0) return [note(node, vscode.l10n.t('No lists'), '', 'refreshWebhooks')];
        return lists.map(({ listId, name }) => ({ kind: 'list', account, client: node, listId, name }));
      }
      case 'list': {
        const hooks = await api.webhooks(node.listId, signal);
        if (hooks.length === 0) {
          return [
            note(node, vscode.l10n.t('No webhooks'), vscode.l10n.t('Register this relay'), 'registerWebhooks', node),
          ];
        }
        return hooks.map((hook) => ({ kind: 'webhook', list: node, hook }));
      }
    }
  }

  #explain(key: string, error: Error & { kind?: string; needsSignIn?: boolean }): NoteNode {
    if (error instanceof AccountError) {
      return {
        kind: 'note',
        id: key,
        label: error.message,
        next: error.kind === 'sandbox-stopped' ? vscode.l10n.t('Start the sandbox') : error.next,
        severity: error.kind === 'sandbox-stopped' ? 'info' : 'error',
        command: 'signIn',
        ...(error.kind === 'sandbox-stopped' && { way: 'sandbox' }),
      };
    }
    if (error.kind !== 'cancelled') this.#log.warn(`the webhooks could not be read: ${error.message}`);
    return {
      kind: 'note',
      id: key,
      label: error.message,
      next: nextOf(error, vscode.l10n) ?? vscode.l10n.t('Refresh'),
      severity: 'error',
      command: error.needsSignIn === true ? 'signIn' : 'refreshWebhooks',
    };
  }

  /** Which welcome content is right. */
  #tell(): void {
    void vscode.commands.executeCommand('setContext', `${prefix}.signedIn`, this.#accounts.all().length > 0);
  }

  /** The sandbox began or ended: what its account shows is no longer so. */
  followSandbox(): void {
    if (this.#accounts.all().some(({ kind }) => kind === 'sandbox')) this.refresh();
  }

  /** The marks depend on where the relay is; nothing is asked of the vendor. */
  #followRelay(): void {
    const { publicUrl, localUrl, own } = this.whereabouts();
    const drawn = `${publicUrl ?? ''} ${localUrl ?? ''} ${own ?? ''}`;
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#changed.fire(undefined);
  }
}

function keyOf(node: AccountNode | ClientNode | ListNode): string {
  switch (node.kind) {
    case 'account':
      return node.account.id;
    case 'client':
      return `${node.account.id}/client/${node.clientId}`;
    case 'list':
      return `${node.account.id}/list/${node.listId}`;
  }
}

function note(
  node: AccountNode | ClientNode | ListNode,
  label: string,
  next: string,
  command: NoteNode['command'],
  list?: ListNode,
): NoteNode {
  return { kind: 'note', id: keyOf(node), label, next, severity: 'info', command, ...(list && { list }) };
}
