import type * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { messageOf, nextOf } from '../ui/error-words.ts';
import { AccountError, type Account, type AccountStore } from '../accounts/account-store.ts';
import type { ListNames } from '../accounts/list-names.ts';
import type { Webhook } from '../../campaign-monitor/answers.ts';

/** Maximum number of clients to expand automatically. */
const fewClients = 3;

/** Maximum number of concurrent requests: an agency has hundreds of clients, and the vendor limits the rate. */
const askedAtATime = 4;

export type ParentNode = AccountNode | ClientNode | ListNode;

export interface WebhookSourceParts {
  readonly accounts: AccountStore;
  readonly names: ListNames;
  readonly log: vscode.LogOutputChannel;
}

export class WebhookSource {
  readonly #parts: WebhookSourceParts;
  readonly #children = new Map<string, Promise<WebhooksNode[]>>();
  readonly #large = new Set<string>();
  #abort: AbortController | undefined;

  constructor(parts: WebhookSourceParts) {
    this.#parts = parts;
  }

  dispose(): void {
    this.#abort?.abort();
  }

  forget(): void {
    this.#abort?.abort();
    this.#abort = undefined;
    this.#children.clear();
  }

  forgetWebhooks(lists?: readonly ListNode[]): void {
    const keys = lists?.map(keyOf) ?? [...this.#children.keys()].filter((key) => key.includes('/list/'));
    for (const key of keys) this.#children.delete(key);
  }

  isLarge({ id }: Account): boolean {
    return this.#large.has(id);
  }

  children(node: ParentNode): Promise<WebhooksNode[]> {
    const key = keyOf(node);
    let children = this.#children.get(key);
    if (children === undefined) {
      this.#abort ??= new AbortController();
      children = this.#ask(node, this.#abort.signal).catch((error: unknown) => this.#explain(key, error as Error));
      this.#children.set(key, children);
    }
    return children;
  }

  /** In the order of the clients. Starts the sandbox for its account. @throws CampaignMonitorError, AccountError */
  async lists(
    account: Account,
    signal?: AbortSignal,
  ): Promise<{ readonly client: ClientNode; readonly lists: ListNode[] }[]> {
    const api = await this.#parts.accounts.api(account, { startSandbox: true });
    const clients = (await api.clients(signal)).map(({ clientId, name }): ClientNode => {
      return { kind: 'client', account, clientId, name };
    });
    const found: { client: ClientNode; lists: ListNode[] }[] = [];
    for (let begin = 0; begin < clients.length; begin += askedAtATime) {
      const some = clients.slice(begin, begin + askedAtATime);
      const lists = await Promise.all(some.map(({ clientId }) => api.lists(clientId, signal)));
      this.#parts.names.learn(account.id, lists.flat());
      for (const [index, client] of some.entries()) {
        found.push({
          client,
          lists: (lists[index] ?? []).map(({ listId, name }) => ({ kind: 'list', account, client, listId, name })),
        });
      }
    }
    return found;
  }

  async #ask(node: ParentNode, signal: AbortSignal): Promise<WebhooksNode[]> {
    const { account } = node;
    const { accounts, names } = this.#parts;
    const api = await accounts.api(account);
    switch (node.kind) {
      case 'account': {
        const clients = await api.clients(signal);
        if (clients.length > fewClients) this.#large.add(account.id);
        else this.#large.delete(account.id);
        if (clients.length === 0) return [note(node, say('No clients'), '', 'refreshWebhooks')];
        return clients.map(({ clientId, name }) => ({ kind: 'client', account, clientId, name }));
      }
      case 'client': {
        const lists = await api.lists(node.clientId, signal);
        names.learn(account.id, lists);
        if (lists.length === 0) return [note(node, say('No lists'), '', 'refreshWebhooks')];
        return lists.map(({ listId, name }) => ({ kind: 'list', account, client: node, listId, name }));
      }
      case 'list': {
        const hooks = await api.webhooks(node.listId, signal);
        if (hooks.length === 0) {
          return [note(node, say('No webhooks'), say('Register This Relay'), 'registerWebhooks', node)];
        }
        return hooks.map((hook) => ({ kind: 'webhook', list: node, hook }));
      }
    }
  }

  #explain(key: string, error: Error & { kind?: string; needsSignIn?: boolean }): NoteNode[] {
    if (error instanceof AccountError && error.kind === 'sandbox-stopped') {
      const next = say('Start Sandbox');
      return [
        { kind: 'note', id: key, label: error.message, next, severity: 'info', command: 'signIn', way: 'sandbox' },
      ];
    }
    if (error.kind !== 'canceled') this.#parts.log.warn(`the webhooks could not be read: ${error.message}`);
    const needsSignIn = error instanceof AccountError || error.needsSignIn === true;
    const note = {
      kind: 'note',
      label: messageOf(error),
      next: nextOf(error) ?? say('Refresh'),
      command: needsSignIn ? 'signIn' : 'refreshWebhooks',
    } as const;
    return [
      { ...note, id: key, severity: 'error' },
      { ...note, id: `${key}/next`, severity: 'next' },
    ];
  }
}

function keyOf(node: ParentNode): string {
  switch (node.kind) {
    case 'account':
      return node.account.id;
    case 'client':
      return `${node.account.id}/client/${node.clientId}`;
    case 'list':
      return `${node.account.id}/list/${node.listId}`;
  }
}

function note(node: ParentNode, label: string, next: string, command: NoteNode['command'], list?: ListNode): NoteNode {
  return { kind: 'note', id: keyOf(node), label, next, severity: 'info', command, ...(list && { list }) };
}

export interface AccountNode {
  readonly kind: 'account';
  readonly account: Account;
}

export interface ClientNode {
  readonly kind: 'client';
  readonly account: Account;
  readonly clientId: string;
  readonly name: string;
}

export interface ListNode {
  readonly kind: 'list';
  readonly account: Account;
  readonly client: ClientNode;
  readonly listId: string;
  readonly name: string;
}

export interface WebhookNode {
  readonly kind: 'webhook';
  readonly list: ListNode;
  readonly hook: Webhook;
}

export interface NoteNode {
  readonly kind: 'note';
  readonly id: string;
  readonly label: string;
  readonly next: string;
  /** An error's second row (`next`) says what to do: a narrow side bar would cut off a single row. */
  readonly severity: 'info' | 'error' | 'next';
  readonly command: 'refreshWebhooks' | 'signIn' | 'registerWebhooks';
  readonly list?: ListNode;
  readonly way?: 'sandbox';
}

export type WebhooksNode = AccountNode | ClientNode | ListNode | WebhookNode | NoteNode;
