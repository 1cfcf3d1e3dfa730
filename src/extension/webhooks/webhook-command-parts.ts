import type * as vscode from 'vscode';
import type { AccountStore } from '../accounts/account-store.ts';
import type { Session } from '../session/session.ts';
import type { ListPicker } from './pick-lists.ts';
import type { WebhookJournal } from './webhook-journal.ts';
import type { WebhookRegistrar } from './webhook-registrar.ts';
import type { WebhookSource } from './webhook-source.ts';
import type { WebhooksView } from './webhooks-view.ts';

export interface WebhookCommandParts {
  readonly accounts: AccountStore;
  readonly session: Session;
  readonly log: vscode.LogOutputChannel;
  readonly journal: WebhookJournal;
  readonly source: WebhookSource;
  readonly view: WebhooksView;
  readonly registrar: WebhookRegistrar;
  readonly picker: ListPicker;
}
