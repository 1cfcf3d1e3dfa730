import type * as vscode from 'vscode';
import type { AccountStore } from '../accounts/account-store.ts';
import type { Session } from '../../relay/session.ts';
import type { StoredJournal } from './journal.ts';
import type { ListPicker } from './pick-lists.ts';
import type { WebhookKeeper } from './webhook-keeper.ts';
import type { WebhooksView } from './webhooks-view.ts';

/** What commands about webhooks are made of. */
export interface WebhookCommandParts {
  readonly accounts: AccountStore;
  readonly session: Session;
  readonly log: vscode.LogOutputChannel;
  readonly journal: StoredJournal;
  readonly view: WebhooksView;
  readonly keeper: WebhookKeeper;
  readonly picker: ListPicker;
}
