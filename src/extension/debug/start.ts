/** Loaded with the first debug session. */
import * as vscode from 'vscode';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { say } from '../../common/say.ts';
import { heldCount } from '../../protocol/event-row.ts';
import { webhookEventTypes } from '../../campaign-monitor/event-types.ts';
import { commandId, type CommandHandlers } from '../commands.ts';
import { debugType, endRequest } from '../prefix.ts';
import { documentTexts } from '../event-documents/event-documents.ts';
import { thisWindow } from '../sending/sending.ts';
import type { Session } from '../session/session.ts';
import { CommandError } from '../ui/command-error.ts';
import { withNext } from '../ui/error-words.ts';
import { offer } from '../ui/offer.ts';
import type { DeliverySession, SessionEnd } from './delivery-session.ts';

export function createDebugCommands(): CommandHandlers<'debug'> {
  return {
    debugDeliveries: async () => {
      const [folder] = vscode.workspace.workspaceFolders ?? [];
      await vscode.debug.startDebugging(folder, completed({}));
    },
  };
}

export function completed(config: Partial<vscode.DebugConfiguration>): vscode.DebugConfiguration {
  return { ...config, type: debugType, request: 'attach', name: config.name ?? say('Deliveries') };
}

/** @returns undefined if the relay couldn't be started, which has been shown with a next action */
export async function prepared(
  session: Session,
  config: vscode.DebugConfiguration,
): Promise<vscode.DebugConfiguration | undefined> {
  if (session.client === undefined) await vscode.commands.executeCommand(commandId('start'));
  return session.client === undefined ? undefined : config;
}

const replaced = new Set<string>();

/** @param before the running session, which this one replaces @throws CommandError if the relay is gone */
export async function adapterOf(
  session: Session,
  own: vscode.DebugSession,
  before: vscode.DebugSession | undefined,
): Promise<vscode.DebugAdapterDescriptor> {
  const { client } = session;
  if (client === undefined)
    throw new CommandError(say('The relay isn’t running'), say('Start the relay, and then try again.'));
  const debug = await import('./delivery-session.ts');
  if (before !== undefined) {
    replaced.add(before.id);
    await ended(before);
  }
  const adapter = new debug.DeliverySession({
    client,
    texts: documentTexts(),
    types: webhookEventTypes,
    by: thisWindow,
    onEnd: (end) => void sayWhatIsLeft(session, end, replaced.delete(own.id)),
  });
  return new vscode.DebugAdapterInlineImplementation(new InlineAdapter(adapter));
}

/** Ends a session, but not the parent that manages its lifecycle. */
async function ended(session: vscode.DebugSession): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const following = vscode.debug.onDidTerminateDebugSession(({ id }) => {
    if (id === session.id) resolve(undefined);
  });
  try {
    await session.customRequest(endRequest);
    await promise;
  } catch {
    // It has already ended.
  } finally {
    following.dispose();
  }
}

class InlineAdapter extends vscode.Disposable implements vscode.DebugAdapter {
  readonly onDidSendMessage: vscode.Event<vscode.DebugProtocolMessage>;
  readonly #session: DeliverySession;

  constructor(session: DeliverySession) {
    super(() => session.dispose());
    this.#session = session;
    this.onDidSendMessage = (listener, thisArg) => {
      const listening = session.onDidSendMessage(listener, thisArg);
      return new vscode.Disposable(() => {
        listening.dispose();
      });
    };
  }

  handleMessage(message: vscode.DebugProtocolMessage): void {
    this.#session.handleMessage(message as DebugProtocol.ProtocolMessage);
  }
}

export async function sayWhatIsLeft(
  session: Session,
  { sending, edited }: SessionEnd,
  isReplaced: boolean,
): Promise<void> {
  const ofEdits = say('Unreleased edits were discarded; the original events are still held.');
  if (isReplaced && edited > 0) void offer('Warning', ofEdits, {});
  if (isReplaced || sending?.state !== 'paused') return;
  const held = heldCount(sending.held);
  const texts = [
    held === 0
      ? say('Debugging ended, but sending is still paused. New events are held.')
      : say('Debugging ended, but sending is still paused. Held: {0}.', held),
  ];
  if (edited > 0) texts.push(ofEdits);
  await offer('Warning', texts.join(' '), {
    [say('Continue Sending')]: () =>
      session.client?.request('debug/continue', {}).catch((error: unknown) => {
        void offer('Error', withNext(error), {});
      }),
    [held === 0 ? say('Keep Paused') : say('Keep Held')]: () => undefined,
  });
}
