import type { Webhook } from '../../campaign-monitor/answers.ts';
import type { Account } from '../accounts/account-store.ts';

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
  /** From the vendor's last list. */
  readonly hook: Webhook;
}

/** Shows why there are no other rows. */
export interface NoteNode {
  readonly kind: 'note';
  readonly id: string;
  readonly label: string;
  readonly next: string;
  /** An error has a second row, `next`, with what to do: in one row, a narrow side bar would cut it off. */
  readonly severity: 'info' | 'error' | 'next';
  /** A command that helps, run by a click. */
  readonly command: 'refreshWebhooks' | 'signIn' | 'registerWebhooks';
  /** Argument of the command. */
  readonly list?: ListNode;
  /** How to sign in, if the user need not choose. */
  readonly way?: 'sandbox';
}

export type WebhooksNode = AccountNode | ClientNode | ListNode | WebhookNode | NoteNode;
