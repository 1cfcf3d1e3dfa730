/** Puts the extension together: each part once, each command with what carries it out. */
import * as vscode from 'vscode';
import { prefix } from './commands.ts';
import { registerSendLens } from './events/actions/send-lens.ts';
import { registerCommands } from './command-registration.ts';
import { documentScheme, registerDocuments } from './events/documents/event-documents.ts';
import { EventsView } from './events/view/events-view.ts';
import { createForm } from './open-connectors/create/form-commands.ts';
import { InstanceDocuments } from './open-connectors/instances/instance-documents.ts';
import { InstanceStore } from './open-connectors/instances/instance-store.ts';
import { InstancesView } from './open-connectors/instances/instances-view.ts';
import { followUrl } from './open-connectors/instances/follow-url.ts';
import { ListNames } from './campaign-monitor/list-names.ts';
import { createPlatformCommands, Platform } from './open-connectors/platform.ts';
import { createAuthorizationCommands, BrowserAuthorization } from './oauth/browser-authorization.ts';
import { keepRelayKeys } from './relay/context-keys.ts';
import { logRelay } from './relay/log.ts';
import { logSandbox } from './sandbox/log.ts';
import { createSandboxCommands, SandboxProcess } from './sandbox/sandbox-process.ts';
import { SampleReceiver } from './relay/sample-receiver.ts';
import { SecretBox } from './relay/secrets.ts';
import { Session } from './relay/session.ts';
import { createStatusBarItem } from './relay/status-bar.ts';
import { createWebhooks } from './campaign-monitor/webhooks/webhooks.ts';

/** Registers everything that package.json declares, and attaches to a relay that this window left running. */
export function compose(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Campaign Monitor Relay', { log: true });
  const secrets = new SecretBox(context);
  const receiver = new SampleReceiver(context.workspaceState);
  const session = new Session(context, log, secrets, receiver);
  const names = new ListNames(context.globalState);
  const view = new EventsView(context, { session, log, names });
  const sandbox = new SandboxProcess(context);
  const platform = new Platform({ context, sandbox });
  const browser = new BrowserAuthorization(context, log);
  const webhooks = createWebhooks({ context, session, log, sandbox, names, browser });
  const store = new InstanceStore(context);
  const parts = { context, session, select: view.select };
  const instances = new InstancesView({ session, log, platform, store, secrets, sandbox, names });
  const documents = new InstanceDocuments(context);
  const instanceParts = { session, secrets, platform, store, browser, view: instances, documents };
  const form = createForm({
    context,
    log,
    secrets,
    session,
    platform,
    instances: store,
    browser,
    sandbox,
    pickLists: webhooks.pickListIds,
  });
  context.subscriptions.push(
    log,
    receiver,
    session,
    sandbox,
    view,
    instances,
    ...registerCommands(log, {
      ...webhooks.sources,
      form: form.source,
      relay: async () =>
        (await import('./relay/relay-commands.ts')).relayCommands({
          ...{ context, session, log, secrets, receiver },
          beforeStop: webhooks.beforeStop,
        }),
      platform: () => createPlatformCommands(platform),
      authorization: () => createAuthorizationCommands(browser),
      sandbox: () => createSandboxCommands(sandbox),
      eventsView: async () => (await import('./events/view/view-commands.ts')).createEventsViewCommands(view, session),
      documents: async () => (await import('./events/documents/document-commands.ts')).createDocumentCommands(parts),
      replay: async () => (await import('./events/actions/replay.ts')).createReplayCommands(parts),
      resend: async () => (await import('./events/actions/edit-and-resend.ts')).createResendCommands(parts),
      samples: async () => (await import('./events/actions/samples.ts')).createSampleCommands(parts),
      exports: async () => (await import('./events/actions/export.ts')).createExportCommands(parts),
      tests: async () => (await import('./events/actions/create-test.ts')).createTestCommands(parts),
      instances: async () =>
        (await import('./open-connectors/instances/instance-commands.ts')).createInstanceCommands(instanceParts),
    }),
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
  keepRelayKeys(context, session, receiver);
  logRelay(context, { session, receiver, log });
  logSandbox(context, { sandbox, log });
  followUrl(context, { session, log, platform, store, view: instances });
  void session.attach();
  // VS Code takes these at any time, also for what it has opened meanwhile: activation need not wait for them.
  const afterwards = setImmediate(() => {
    context.subscriptions.push(form.registerRestoring(), registerSendLens());
    void sandbox.find();
  });
  context.subscriptions.push({ dispose: () => clearImmediate(afterwards) });
}
