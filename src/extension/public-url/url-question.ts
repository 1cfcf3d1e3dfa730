import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { setting, writeSetting } from '../configuration.ts';
import { atThisWindow } from '../ui/attention.ts';
import { withNext } from '../ui/error-words.ts';
import { byCommand, focusView, offer } from '../ui/offer.ts';
import { someOf } from '../ui/phrases.ts';
import { inMessage } from '../ui/printable.ts';
import { cancelable } from '../ui/progress.ts';
import { readRelayUrl } from './url-place.ts';
import type { Session } from '../session/session.ts';
import { UrlKeeper } from './url-keeper.ts';
import type {
  AskedState,
  Choice,
  UrlAction,
  StaleRegistration,
  StaleState,
  RelayPosition,
  UrlHolder,
} from './url-keeper.ts';

export interface UrlQuestionParts {
  readonly session: Pick<Session, 'state'>;
  readonly log: vscode.LogOutputChannel;
  readonly holders: readonly UrlHolder[];
  readonly attention?: () => Promise<void>;
}

export function createUrlKeeper({ session, log, holders, attention = atThisWindow }: UrlQuestionParts): UrlKeeper {
  return new UrlKeeper({
    holders,
    attention,
    position: () => positionOf(session),
    setting: () => setting('tunnel.updateVendors'),
    ask,
    working: (action, work, state) => cancelable(titleOf(action, state), (signal) => work(signal)),
    allowAlways: () => writeSetting('tunnel.updateVendors', 'always'),
    done: (action, changed, state) => {
      log.info(`${action}: ${wordsOf(changed)}`);
      void sayDone(action, changed, state);
    },
    failed: async (failures) => {
      for (const failure of failures) {
        log.error(
          failure.kind === 'setting'
            ? `the setting was not written: ${failure.error.message}`
            : `the ${failure.kind} of ${inMessage(failure.name)} could not be looked after: ${failure.error.message}`,
        );
      }
      const ofVendors = failures.filter((failure) => failure.kind !== 'setting');
      const why = inMessage(withNext((ofVendors[0] ?? failures[0])?.error), 700);
      const again = say('Try Again');
      const show = say('Show Log');
      const choice = await vscode.window.showErrorMessage(
        ofVendors.length === 0
          ? say('Couldn’t save “Always Update” in the settings: {0}', why)
          : say('Not changed: {0}. {1}', wordsOf(ofVendors), why),
        again,
        show,
      );
      if (choice === show) await byCommand('showLog')();
      return choice === again;
    },
  });
}

/** Undefined if the relay isn't running. */
export function positionOf({ state }: Pick<Session, 'state'>): RelayPosition | undefined {
  if (state.kind !== 'running') return undefined;
  const { pid, publicUrl, tunnel, campaignMonitorUrl } = state.status;
  const relay = readRelayUrl(campaignMonitorUrl, 'campaign-monitor')?.relay ?? '';
  return { pid, relay, publicUrl, settled: tunnel.state === 'closed' || tunnel.state === 'failed' };
}

type Answer = Choice | (() => Promise<Choice | undefined>) | undefined;

async function choose(
  question: string,
  answers: readonly (readonly [label: string, answer: Answer])[],
): Promise<Choice | undefined> {
  const chosen = await vscode.window.showWarningMessage(question, ...answers.map(([label]) => label));
  const answer = answers.find(([label]) => label === chosen)?.[1];
  return typeof answer === 'function' ? answer() : answer;
}

async function ask(state: AskedState, left: readonly StaleRegistration[]): Promise<Choice | undefined> {
  switch (state) {
    case 'behind': {
      const canMore = left.some(({ actions }) => actions.delete !== undefined);
      return choose(say('The relay’s public URL has changed. Still using the old one: {0}.', wordsOf(left)), [
        [say('Update'), { action: 'update' }],
        [say('Always Update'), { action: 'update', always: true }],
        ...(canMore ? [[say('More…'), () => pickAction(left)] as const] : []),
        [say('Not Now'), undefined],
      ]);
    }
    case 'idle':
      return choose(say('This relay’s webhooks are inactive on these lists: {0}.', namesOf(left)), [
        [say('Activate Webhooks'), { action: 'update' }],
        [say('Delete'), { action: 'delete' }],
      ]);
    case 'unfinished':
      return choose(say('A change of this relay’s webhooks was interrupted on these lists: {0}.', namesOf(left)), [
        [say('Finish'), { action: 'update' }],
        [say('Not Now'), undefined],
      ]);
    case 'dead':
      return choose(say('This relay’s webhooks on these lists use an old URL: {0}.', namesOf(left)), [
        [say('Open Public URL'), openUrl],
        [say('Deactivate'), { action: 'deactivate' }],
        [say('Delete'), { action: 'delete' }],
      ]);
  }
}

async function openUrl(): Promise<undefined> {
  await byCommand('openTunnel')();
}

async function pickAction(left: readonly StaleRegistration[]): Promise<Choice | undefined> {
  const those = left.filter(({ actions }) => actions.delete !== undefined);
  const choice = await vscode.window.showQuickPick(
    [
      {
        label: say('Deactivate'),
        detail: say('Inactive webhooks keep the old URL but send no events.'),
        action: 'deactivate' as const,
      },
      {
        label: say('Delete'),
        detail: say('Campaign Monitor deletes these webhooks. You can register the relay again.'),
        action: 'delete' as const,
      },
    ],
    { title: wordsOf(those), placeHolder: say('What do you want to do?') },
  );
  return choice;
}

function sayDone(action: UrlAction, changed: readonly StaleRegistration[], state: StaleState): Promise<void> {
  const said = doneText(action, state, wordsOf(changed));
  const has = (wanted: StaleRegistration['kind']): boolean => changed.some(({ kind }) => kind === wanted);
  return offer('Information', said, {
    ...(has('webhook') && { [say('Show Webhooks')]: () => focusView('webhooks') }),
    ...(has('instance') && { [say('Show Instances')]: () => focusView('instances') }),
  });
}

function wordsOf(all: readonly Pick<StaleRegistration, 'kind' | 'name'>[]): string {
  const webhooks = all.filter(({ kind }) => kind === 'webhook');
  const instances = all.filter(({ kind }) => kind === 'instance');
  const ofWebhooks =
    webhooks.length === 1
      ? say('1 webhook ({0})', namesOf(webhooks))
      : say('{0} webhooks ({1})', webhooks.length, namesOf(webhooks));
  const ofInstances =
    instances.length === 1
      ? say('1 instance ({0})', namesOf(instances))
      : say('{0} instances ({1})', instances.length, namesOf(instances));
  if (instances.length === 0) return ofWebhooks;
  return webhooks.length === 0 ? ofInstances : say('{0} and {1}', ofWebhooks, ofInstances);
}

function namesOf(all: readonly { readonly name: string }[]): string {
  return someOf(all.map(({ name }) => name));
}

export function titleOf(action: UrlAction, state: StaleState): string {
  switch (action) {
    case 'update':
      if (state === 'unfinished') return say('Finishing changes of webhooks');
      return state === 'idle' ? say('Activating webhooks') : say('Updating webhooks and instances');
    case 'deactivate':
      return say('Deactivating webhooks');
    case 'delete':
      return say('Deleting webhooks');
  }
}

export function doneText(action: UrlAction, state: StaleState, words: string): string {
  switch (action) {
    case 'update':
      if (state === 'unfinished') return say('Changes finished: {0}.', words);
      return state === 'idle' ? say('Activated: {0}.', words) : say('Updated to this relay’s URL: {0}.', words);
    case 'deactivate':
      return say('Deactivated: {0}.', words);
    case 'delete':
      return say('Deleted: {0}.', words);
  }
}
