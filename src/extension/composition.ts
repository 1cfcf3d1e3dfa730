/** Puts the extension together: each part once, each command with what carries it out. */
import * as vscode from 'vscode';
import { commandId, commandNames, prefix } from './commands.ts';
import type { CommandHandlers } from './commands.ts';
import type { WayOn } from './command-error.ts';
import { createResendCommands } from './actions/edit-and-resend.ts';
import { documentScheme, registerDocuments } from './documents/event-documents.ts';
import { withNext } from './error-words.ts';
import { unlinked } from './printable.ts';
import { EventsView } from './events-view/events-view.ts';
import { createEventsViewCommands } from './events-view/view-commands.ts';
import { createFormCommands } from './form/form-commands.ts';
import { InstanceDocuments } from './instances/instance-documents.ts';
import { InstanceStore } from './instances/instance-store.ts';
import { InstancesView } from './instances/instances-view.ts';
import { keepUrls } from './instances/keep-urls.ts';
import { createPlatformCommands, Platform } from './instances/platform.ts';
import { GivenUpError } from './cancellable-progress.ts';
import { createAuthorizationCommands, BrowserAuthorization } from './oauth/browser-authorization.ts';
import { lazyHandlers } from './lazy-handlers.ts';
import { relayCommands } from './relay-commands.ts';
import { createSandboxCommands, SandboxProcess } from './sandbox-process.ts';
import { SampleReceiver } from './sample-receiver.ts';
import { SecretBox } from './secrets.ts';
import { Session } from './session.ts';
import { createStatusBarItem } from './status-bar.ts';
import { createWebhooks } from './webhooks/webhooks.ts';

/** Registers everything that package.json declares, and attaches to a relay that this window left running. */
export function compose(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Campaign Monitor Relay', { log: true });
  const secrets = new SecretBox(context);
  const receiver = new SampleReceiver(context.workspaceState);
  const session = new Session(context, log, secrets, receiver);
  const view = new EventsView(context, session, log);
  const sandbox = new SandboxProcess(context);
  const platform = new Platform({ context, sandbox });
  const browser = new BrowserAuthorization(context, log);
  const webhooks = createWebhooks({ context, session, log, sandbox, browser });
  const store = new InstanceStore(context);
  const parts = { context, session, log, select: view.select };
  const instances = new InstancesView({ session, log, platform, store, sandbox });
  const documents = new InstanceDocuments(context);
  const instanceParts = { session, log, platform, store, browser, view: instances, documents };
  const handlers: CommandHandlers = {
    ...relayCommands({ context, session, log, secrets, receiver, beforeStop: webhooks.beforeStop }),
    ...webhooks.handlers,
    ...createPlatformCommands(platform),
    ...createAuthorizationCommands(browser),
    ...createSandboxCommands(sandbox),
    ...createFormCommands({
      context,
      log,
      secrets,
      session,
      platform,
      instances: store,
      browser,
      sandbox,
      pickLists: webhooks.pickListIds,
    }),
    ...createEventsViewCommands(view, session),
    ...lazyHandlers(
      [
        'open',
        'openBody',
        'openNotification',
        'openAttempts',
        'openHeaders',
        'compareBodies',
        'compareWithNotification',
        'compareAnswers',
      ],
      async () => (await import('./documents/document-commands.ts')).createDocumentCommands(parts),
    ),
    ...lazyHandlers(['replay', 'replayTo', 'replayFailed', 'discard', 'discardWaiting'], async () =>
      (await import('./actions/replay.ts')).createReplayCommands(parts),
    ),
    ...createResendCommands(parts),
    ...lazyHandlers(['sendSample'], async () => (await import('./actions/samples.ts')).createSampleCommands(parts)),
    ...lazyHandlers(
      ['copyAsCurl', 'copyAsHttp', 'copyAsHar', 'copyAsFixture', 'copyAddress', 'exportSelection'],
      async () => (await import('./actions/export.ts')).createExportCommands(parts),
    ),
    ...lazyHandlers(['createTest'], async () => (await import('./actions/create-test.ts')).createTestCommands(parts)),
    ...lazyHandlers(
      [
        'refreshInstances',
        'useRelayUrl',
        'turnEventsOn',
        'turnEventsOff',
        'enableInstance',
        'disableInstance',
        'editInstanceLists',
        'reauthoriseInstance',
        'renameInstance',
        'copyInstanceToken',
        'copyInstanceId',
        'copyInstanceAsCurl',
        'showInstance',
        'showInstanceEvents',
        'deleteInstance',
      ],
      async () => (await import('./instances/instance-commands.ts')).createInstanceCommands(instanceParts),
    ),
  };
  context.subscriptions.push(
    log,
    receiver,
    session,
    sandbox,
    view,
    instances,
    ...commandNames.map((name) =>
      vscode.commands.registerCommand(commandId(name), (...args: never[]) => run(log, handlers[name], args)),
    ),
  );
  // What the walkthrough waits for: a command that a tree item runs completes no step.
  context.subscriptions.push(
    vscode.window.onDidChangeActiveTextEditor((editor) => {
      if (editor?.document.uri.scheme === documentScheme)
        void vscode.commands.executeCommand('setContext', `${prefix}.looked`, true);
    }),
  );
  registerDocuments(context, session);
  createStatusBarItem(context, session);
  keepUrls({ context, session, log, platform, store, view: instances });
  void session.attach();
  void sandbox.find();
}

/** Runs a command; what it throws is logged once and shown with what to do next. */
async function run(
  log: vscode.LogOutputChannel,
  handler: (...args: never[]) => unknown,
  args: never[],
): Promise<unknown> {
  try {
    return await handler(...args);
  } catch (error) {
    // The user knows.
    if (error instanceof GivenUpError) return undefined;
    const { message, requestId, wayOn } = error as Error & {
      requestId?: string | null;
      wayOn?: WayOn;
    };
    log.error(typeof requestId === 'string' ? `${message} (request ${requestId})` : message);
    const show = vscode.l10n.t('Show Log');
    const buttons = wayOn === undefined ? [show] : [wayOn.title, show];
    void vscode.window.showErrorMessage(unlinked(withNext(error, vscode.l10n)), ...buttons).then((choice) => {
      if (choice === show) log.show();
      else if (choice !== undefined && wayOn !== undefined)
        return vscode.commands.executeCommand(commandId(wayOn.command));
      return undefined;
    });
    return undefined;
  }
}
