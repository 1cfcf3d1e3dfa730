import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { webhookEventTypes, type WebhookEventType } from '../../campaign-monitor/event-types.ts';
import { commandId, type CommandHandlers } from '../commands.ts';
import { prefix } from '../prefix.ts';
import { connected } from '../session/session.ts';
import { eventCount } from '../status/context-keys.ts';
import { CommandError } from '../ui/command-error.ts';
import { cancelable } from '../ui/progress.ts';
import { askChoice, askText } from '../ui/questions.ts';
import { showStatusMessage } from '../ui/status-message.ts';
import { walked } from '../ui/walkthrough.ts';
import { back, ifAnswered, inSteps, type Answer, type StepPlace } from '../ui/steps.ts';
import type { ActionParts } from '../events/action-parts.ts';
import type { SampleChoice } from './sample-posts.ts';

const lastChoiceKey = `${prefix}.lastSamples`;

const quietAtMost = 20;

const mostDeliveries = 1_000_000;

export function createSampleCommands(parts: ActionParts): CommandHandlers<'samples'> {
  return { sendSample: (choice?: unknown) => sendSample(parts, choice) };
}

/** @param given `one-of-each` to send without asking, and then show the table */
async function sendSample(parts: ActionParts, given: unknown): Promise<void> {
  const { session } = parts;
  if (session.client === undefined) await vscode.commands.executeCommand(commandId('start'));
  if (session.client === undefined) return;
  const status = await connected(session).request('relay/status', {});
  const { documentedListId: listId, sendSamples } = await import('../deferred.ts');
  const oneOfEach = { types: webhookEventTypes, count: webhookEventTypes.length, batch: 1, listId, mixed: false };
  const isAsking = given !== 'one-of-each' && eventCount(status) > 0;
  const choice = isAsking ? await choose(parts, oneOfEach) : oneOfEach;
  if (choice === undefined) return;
  if (isAsking) await parts.context.workspaceState.update(lastChoiceKey, choice);
  const now = new Date();
  const send = (signal?: AbortSignal, onSent?: (sent: number) => void): ReturnType<typeof sendSamples> =>
    sendSamples(status.campaignMonitorUrl, choice, {
      seed: now.getTime() % 2_147_483_647,
      now,
      ...(signal && { signal }),
      ...(onSent && { onSent }),
    });
  const result = choice.count <= quietAtMost ? await send() : await withProgress(choice.count, send);
  tell(choice, result);
  walked('sample');
  if (!isAsking) await vscode.commands.executeCommand(`${prefix}.table.focus`, { preserveFocus: true });
}

async function withProgress<T>(
  count: number,
  send: (signal: AbortSignal, onSent: (sent: number) => void) => Promise<T>,
): Promise<T> {
  let shown = 0;
  const every = Math.max(1, Math.floor(count / 100));
  return cancelable(say('Sending sample events'), (signal, progress) =>
    send(signal, (sent) => {
      if (sent - shown < every) return;
      progress.report({
        increment: (100 * (sent - shown)) / count,
        message: say('{0} of {1}', sent, count),
      });
      shown = sent;
    }),
  );
}

function tell(
  choice: SampleChoice,
  result: { sent: number; refused: number; firstRefusal: string | null; canceled: boolean },
): void {
  if (result.refused > 0) {
    throw new CommandError(
      say(
        '{0} of {1} sample deliveries failed. First error: {2}',
        result.refused,
        result.sent,
        result.firstRefusal ?? '',
      ),
    );
  }
  const events = (result.sent * choice.batch).toLocaleString(vscode.env.language);
  showStatusMessage(
    result.canceled ? say('Canceled after {0} sample events.', events) : say('Sample events sent: {0}.', events),
  );
}

type Offer = vscode.QuickPickItem & { readonly choice?: SampleChoice };

const offeredCount = 20;

async function choose(parts: ActionParts, oneOfEach: SampleChoice): Promise<SampleChoice | undefined> {
  const { maxEventsInDelivery } = await import('../deferred.ts');
  const title = say('Send Sample Events');
  const last = parts.context.workspaceState.get<SampleChoice>(lastChoiceKey);
  const of = (types: readonly WebhookEventType[], count: number, batch = 1): SampleChoice => ({
    types,
    count,
    batch,
    listId: oneOfEach.listId,
    mixed: types.length > 1 && batch > 1,
  });
  const mixed = (count: number): Offer => ({
    label: say('$(layers) {0} Mixed Events', count),
    description: say('cycles through all three types'),
    choice: of(webhookEventTypes, count),
  });
  const inOne = (count: number): Offer => ({
    label: say('$(package) {0} Events in One Delivery', count),
    description: say('like an import'),
    choice: of(webhookEventTypes, 1, count),
  });
  const known: readonly Offer[] = [
    {
      label: say('$(beaker) One Event of Each Type'),
      description: say('Subscribe, Update, and Deactivate, in separate deliveries'),
      choice: oneOfEach,
    },
    ...(last === undefined || JSON.stringify(last) === JSON.stringify(oneOfEach)
      ? []
      : [{ label: say('$(history) Same as Last Time'), description: describe(last), choice: last }]),
    mixed(offeredCount),
    inOne(offeredCount),
    ...singleTypes().map(({ icon, type, description }) => ({
      label: `$(${icon}) ${type}`,
      description,
      choice: of([type], 1),
    })),
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    { label: say('$(settings) Choose Type, Number, and List…') },
  ];
  const offered = (typed: string): readonly Offer[] => {
    const count = numberOf(typed, mostDeliveries);
    if (count === undefined) return known;
    return [
      ...(count > 1 ? [mixed(count)] : []),
      ...(count > 1 && count <= maxEventsInDelivery ? [inOne(count)] : []),
      ...singleTypes().map(({ icon, type }) => ({ label: `$(${icon}) ${count} × ${type}`, choice: of([type], count) })),
    ].map((each) => ({ ...each, alwaysShow: true }));
  };
  const answer = await askChoice<Offer>(
    { title, step: 1, totalSteps: 1 },
    { placeholder: say('Choose what to send, or enter the number of events'), items: offered },
  );
  if (answer === undefined || answer === back) return undefined;
  return answer.choice ?? chooseByParts(parts, title, last ?? oneOfEach, maxEventsInDelivery);
}

function singleTypes(): readonly {
  readonly icon: string;
  readonly type: WebhookEventType;
  readonly description: string;
}[] {
  return [
    { icon: 'person-add', type: 'Subscribe', description: say('someone joins a list') },
    { icon: 'edit', type: 'Update', description: say('details or address change') },
    { icon: 'circle-slash', type: 'Deactivate', description: say('someone leaves, or email bounces') },
  ];
}

async function chooseByParts(
  parts: ActionParts,
  title: string,
  last: SampleChoice,
  mostInDelivery: number,
): Promise<SampleChoice | undefined> {
  const known = await inSteps<Omit<SampleChoice, 'mixed'>>(title, last, () => [
    async ({ types: before }, place) => {
      const items = [
        ...singleTypes().map(({ type, description }) => ({ label: type, description, types: [type] })),
        { label: say('Mixed'), description: say('cycles through all three types'), types: webhookEventTypes },
      ];
      const active = items.find((each) => JSON.stringify(each.types) === JSON.stringify(before));
      const answer = await askChoice<(typeof items)[number]>(place, {
        placeholder: say('Which events?'),
        items,
        active,
      });
      return ifAnswered(answer, ({ types }) => ({ types }));
    },
    async ({ count }, place) =>
      ifAnswered(await askNumber(place, say('How many deliveries?'), count, mostDeliveries), (n) => ({ count: n })),
    async ({ batch }, place) =>
      ifAnswered(await askNumber(place, say('How many events per delivery?'), batch, mostInDelivery), (n) => ({
        batch: n,
      })),
    async ({ listId }, place) => ifAnswered(await askList(parts, place, listId), (id) => ({ listId: id })),
  ]);
  return known && { ...known, mixed: known.types.length > 1 && known.batch > 1 };
}

function describe({ types, count, batch, listId }: SampleChoice): string {
  const names = types.join(', ');
  return batch === 1
    ? say('{0} × {1}, list {2}', count, names, listId)
    : say('{0} × {1}, {2} events each, list {3}', count, names, batch, listId);
}

function numberOf(typed: string, most: number): number | undefined {
  const text = typed.trim();
  return /^[1-9]\d*$/.test(text) && Number(text) <= most ? Number(text) : undefined;
}

async function askNumber(place: StepPlace, prompt: string, before: number, most: number): Promise<Answer<number>> {
  const answer = await askText(place, {
    prompt,
    value: String(before),
    check: (text) => (numberOf(text, most) === undefined ? say('Enter a whole number from 1 to {0}', most) : undefined),
  });
  return ifAnswered(answer, Number);
}

async function askList({ session }: ActionParts, place: StepPlace, before: string): Promise<Answer<string>> {
  const { documentedListId: documented } = await import('../deferred.ts');
  const { events } = await connected(session).request('events/query', { limit: 1000 });
  const seen = [before, ...events.map(({ list }) => list)].filter((list) => list !== null && list !== documented);
  const known: vscode.QuickPickItem[] = [
    { label: documented, description: say('list used in Campaign Monitor’s examples') },
    ...[...new Set(seen)].flatMap((list) =>
      list === null ? [] : [{ label: list, description: say('in the history') }],
    ),
  ];
  const answer = await askChoice<vscode.QuickPickItem>(place, {
    placeholder: say('Which list? Choose one, or enter its ID'),
    items: (typed) =>
      /^[\x21-\x7e]{1,100}$/.test(typed.trim()) && known.every(({ label }) => label !== typed.trim())
        ? [...known, { label: typed.trim(), alwaysShow: true }]
        : known,
    active: known.find(({ label }) => label === before),
  });
  return ifAnswered(answer, ({ label }) => label);
}
