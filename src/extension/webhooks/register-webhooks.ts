import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { WebhookFormat } from '../../campaign-monitor/answers.ts';
import { webhookEventTypes, type WebhookEventType } from '../../campaign-monitor/event-types.ts';
import { cancelable } from '../ui/progress.ts';
import { byCommand, focusView, offer } from '../ui/offer.ts';
import { someOf } from '../ui/phrases.ts';
import { askChoice, askChoices } from '../ui/questions.ts';
import { showStatusMessage } from '../ui/status-message.ts';
import { ifAnswered, inSteps, type Answer, type Step, type StepPlace } from '../ui/steps.ts';
import { walked } from '../ui/walkthrough.ts';
import { openVendorUrls } from '../public-url/urls.ts';
import { askAccount } from '../accounts/account-commands.ts';
import type { Account, AccountStore } from '../accounts/account-store.ts';
import type { Registration, WebhookJournal } from './webhook-journal.ts';
import type { ListNode, WebhooksNode, WebhookSource } from './webhook-source.ts';
import { sayFailure, type Outcome, type WebhookRegistrar } from './webhook-registrar.ts';
import type { WebhooksView } from './webhooks-view.ts';
import type { Session } from '../session/session.ts';
import { askLists } from './pick-lists.ts';

interface Wanted {
  /** Undefined if the lists are given. */
  readonly account: Account | undefined;
  readonly lists: readonly ListNode[];
  readonly events: readonly WebhookEventType[];
  readonly format: WebhookFormat;
  readonly asksFormat: boolean;
}

export async function registerWebhooks(
  parts: WebhookCommandParts,
  node?: WebhooksNode,
  nodes?: readonly WebhooksNode[],
): Promise<void> {
  const { accounts, view, signIn } = parts;
  const chosen = node === undefined ? [] : view.selected(node, nodes).filter((each) => each.kind === 'list');
  const title = say('Register This Relay on Lists');
  const [first, ...others] = accounts.all();
  const account = chosen.length > 0 ? undefined : (first ?? (await signIn()));
  if (chosen.length === 0 && account === undefined) return;
  const steps: readonly Step<Wanted>[] = [
    ...(chosen.length === 0 && others.length > 0 ? [accountStep(parts)] : []),
    ...(chosen.length === 0 ? [listsStep(parts)] : []),
    (known, place) => askEvents(place, known),
  ];
  const format: Step<Wanted> = (known, place) => askFormat(place, known);
  const begin: Wanted = { account, lists: chosen, events: webhookEventTypes, format: 'json', asksFormat: false };
  const wanted = await inSteps(title, begin, ({ asksFormat }) => (asksFormat ? [...steps, format] : steps));
  if (wanted !== undefined) await registerOn(parts, wanted.lists, wanted.events, wanted.format);
}

function accountStep({ accounts }: WebhookCommandParts): Step<Wanted> {
  return async ({ account }, place) =>
    ifAnswered(await askAccount(place, accounts.all(), account), (one) => ({ account: one }));
}

function listsStep({ registrar, source }: WebhookCommandParts): Step<Wanted> {
  const registered = new Set(registrar.own().map(({ accountId, listId }) => `${accountId} ${listId}`));
  return async ({ account, lists }, place) => {
    if (account === undefined) return undefined;
    const answer = await askLists(source, place, account, lists, ({ listId }) =>
      registered.has(`${account.id} ${listId}`) ? say('registered') : '',
    );
    return ifAnswered(answer, (all) => ({ lists: all }));
  };
}

/** The sandbox's lists don't need a public URL. */
export async function registerOn(
  parts: WebhookCommandParts,
  lists: readonly ListNode[],
  events: readonly WebhookEventType[],
  format: Registration['format'],
): Promise<void> {
  const { session, registrar, view, log } = parts;
  const isSandbox = lists.every(({ account }) => account.kind === 'sandbox');
  const url = (await openVendorUrls(session, { isSandbox }))?.campaignMonitor;
  if (url === undefined) return;
  const outcome = await cancelable(say('Registering webhooks'), (signal) =>
    registrar.register(lists, { events, format }, url, signal),
  );
  const isOf = (list: ListNode, all: readonly { readonly registration: Registration }[]): boolean =>
    all.some(({ registration }) => registration.accountId === list.account.id && registration.listId === list.listId);
  const registered = lists.filter((list) => isOf(list, outcome.done));
  if (registered.length > 0) {
    log.info(`webhooks registered on ${registered.map(({ listId }) => listId).join(', ')}`);
    walked('public');
  }
  const isSeen = await view.unfold(registered);
  if (registered.length > 0) void sayRegistered(view, outcome, registered, isSeen);
  const [failure] = outcome.failures;
  if (failure === undefined) return;
  const left = lists.filter((list) => isOf(list, outcome.failures));
  await offer('Error', sayFailure(failure), {
    [say('Try Again')]: () => registerOn(parts, left, events, format),
  });
}

/** Offers buttons if the view doesn't show the result. */
async function sayRegistered(
  view: WebhooksView,
  { done }: Outcome,
  [list, ...others]: readonly ListNode[],
  isSeen: boolean,
): Promise<void> {
  const names = someOf(done.map(({ registration }) => registration.listName));
  const test = async (): Promise<void> => {
    const node = (await view.getChildren(list)).find(
      (each) => each.kind === 'webhook' && view.placeOf(each) === 'current',
    );
    await byCommand('testWebhook', node)();
  };
  const text = done.every(({ hookChange }) => hookChange === 'kept')
    ? say('This relay was already registered: {0}.', names)
    : say('Relay registered: {0}. Subscriber changes now appear in the Events view.', names);
  if (isSeen) {
    showStatusMessage(text);
    return;
  }
  await offer(
    'Information',
    text,
    others.length === 0 ? { [say('Test Webhook')]: test } : { [say('Show Events')]: () => focusView('events') },
  );
}

/** Nearly all users want JSON, so the format is asked only on request. */
async function askEvents(
  place: StepPlace,
  { events: picked, asksFormat: before }: Wanted,
): Promise<Answer<Pick<Wanted, 'events' | 'asksFormat'>>> {
  const items = [
    { label: 'Subscribe' as const, description: say('someone joins') },
    { label: 'Update' as const, description: say('an address, name, or field changes') },
    { label: 'Deactivate' as const, description: say('someone leaves or is deleted, or mail bounces') },
  ].map((item) => ({ ...item, picked: picked.includes(item.label) }));
  let asksFormat = before;
  const answer = await askChoices(place, {
    placeholder: say('Which events?'),
    items: () => items,
    check: ({ length }) => (length === 0 ? say('Select at least one event') : undefined),
    further: {
      button: { iconPath: new vscode.ThemeIcon('json'), tooltip: say('Choose Format: JSON or XML…') },
      pressed: () => (asksFormat = true),
    },
  });
  return ifAnswered(answer, (chosen) => ({ events: chosen.map(({ label }) => label), asksFormat }));
}

async function askFormat(place: StepPlace, { format }: Wanted): Promise<Answer<Pick<Wanted, 'format'>>> {
  const items = [
    { label: 'JSON', description: say('documented by Campaign Monitor'), format: 'json' },
    {
      label: 'XML',
      description: say('exact format undocumented; the relay finds elements by name'),
      format: 'xml',
    },
  ] as const;
  const answer = await askChoice<(typeof items)[number]>(place, {
    placeholder: say('Which format?'),
    items,
    active: items.find((item) => item.format === format),
  });
  return ifAnswered(answer, (item) => ({ format: item.format }));
}

export interface WebhookCommandParts {
  readonly accounts: AccountStore;
  readonly session: Session;
  readonly log: vscode.LogOutputChannel;
  readonly journal: WebhookJournal;
  readonly source: WebhookSource;
  readonly view: WebhooksView;
  readonly registrar: WebhookRegistrar;
  /** Resolves to undefined if the user cancels. */
  readonly signIn: () => Promise<Account | undefined>;
}
