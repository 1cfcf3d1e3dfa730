import * as vscode from 'vscode';
import { ListNames } from './accounts/list-names.ts';
import { createWebhooks } from './webhooks/webhooks.ts';
import { watchScenarios } from './check/scenario-watch.ts';
import { registerCommands } from './command-registration.ts';
import { memoizeAsync } from './memoize-async.ts';
import { prefix } from './prefix.ts';
import { registerDebugType } from './debug/debug-type.ts';
import type { HandlerWatch } from './debug/handler-watch.ts';
import { registerSendLens } from './event-actions/send-lens.ts';
import { documentScheme, registerDocuments } from './event-documents/event-documents.ts';
import { registerDecorations } from './event-tree/decorations.ts';
import { registerEventEditor } from './event-editor/event-editor.ts';
import { HistoryWatch } from './events/history-watch.ts';
import { EventsView } from './event-tree/events-view.ts';
import type { Handlers } from './handlers.ts';
import { UriCallbacks } from './oauth/uri-handler.ts';
import { InstanceDocuments } from './instances/instance-documents.ts';
import { InstanceStore } from './instances/instance-store.ts';
import { InstancesView } from './instances/instances-view.ts';
import { Platform } from './open-connectors/platform.ts';
import { registerAssistants } from './session/assistants.ts';
import { DestinationsView } from './destinations/destinations-view.ts';
import { keepRelayKeys } from './status/context-keys.ts';
import { KnownRelays } from './session/known-relays.ts';
import { logRelay } from './session/log.ts';
import { SecretBox } from './secrets/secrets.ts';
import { Session } from './session/session.ts';
import { watchSending } from './sending/sending-watch.ts';
import { createStatusBarItem } from './status/status-bar.ts';
import { followTunnel } from './public-url/tunnel-questions.ts';
import { watchUrls } from './public-url/url-watch.ts';
import { StoppedHistory } from './session/stopped-history.ts';
import { walked, walkthroughOpened } from './ui/walkthrough.ts';
import { logSandbox, SandboxProcess } from './sandbox/sandbox-process.ts';

/** Creates the parts that exist from activation on; the others are loaded on first use, to keep activation short. */
export function compose(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Campaign Monitor Relay', { log: true });
  const secrets = new SecretBox(context);
  const session = new Session(context, log, secrets);
  const names = new ListNames(context.globalState);
  const relays = new KnownRelays(context.globalState);
  const history = new StoppedHistory({ session, bundle: context.asAbsolutePath('dist/cm-relay.js') });
  const watch = new HistoryWatch({
    session,
    history,
    memory: context.workspaceState,
    onError: (error) => log.warn(`the history could not be read: ${error.message}`),
  });
  const events = new EventsView({ session, log, names, history, watch });
  const destinations = new DestinationsView({
    session,
    names: { nameOfList: names.nameOf, onDidChange: (listener) => names.onDidChange(listener) },
  });
  const sandbox = new SandboxProcess(context);
  const platform = new Platform(context, sandbox);
  const uris = new UriCallbacks();
  const instanceStore = new InstanceStore(context);
  const instances = new InstancesView({
    session,
    relays,
    log,
    platform,
    secrets,
    sandbox,
    names,
    store: instanceStore,
  });
  const instanceDocuments = new InstanceDocuments(context);
  const handlerWatch = memoizeAsync<HandlerWatch>(async () => {
    const { watchHandlers } = await import('./debug/handler-watch.ts');
    return watchHandlers(context, session, log);
  });
  const handlers: () => Promise<Handlers> = memoizeAsync(async () => {
    const [{ createHandlers }, debugged] = await Promise.all([import('./handlers.ts'), handlerWatch()]);
    return createHandlers({
      context,
      log,
      secrets,
      session,
      sandbox,
      platform,
      uris,
      events,
      watch,
      history,
      destinations,
      names,
      relays,
      webhooks,
      instances,
      instanceStore,
      instanceDocuments,
      debugged,
    });
  });
  const webhooks = createWebhooks({
    context,
    session,
    log,
    sandbox,
    names,
    relays,
    actions: async () => (await handlers()).webhookActions,
  });
  context.subscriptions.push(
    log,
    session,
    history,
    sandbox,
    watch,
    events,
    destinations,
    instances,
    vscode.window.registerUriHandler(uris),
    registerDebugType(session),
    vscode.debug.registerDebugAdapterTrackerFactory('*', {
      createDebugAdapterTracker: async (debugged) => (await handlerWatch()).programs.track(debugged),
    }),
    ...registerCommands(context, log, events, handlers),
  );
  context.subscriptions.push(
    vscode.window.onDidChangeActiveTextEditor((editor) => {
      if (editor?.document.uri.scheme === documentScheme) walked('look');
    }),
    instanceStore.onDidChange(() => {
      if (instanceStore.all().length > 0) walked('public');
    }),
    // VS Code doesn't report more about tabs that may show a walkthrough.
    vscode.window.tabGroups.onDidChangeTabs(({ opened }) => {
      if (opened.some(({ input }) => input === undefined)) void walkthroughOpened();
    }),
  );
  registerDocuments(context, session, history);
  context.subscriptions.push(registerEventEditor(async () => (await handlers()).eventPanels));
  createStatusBarItem(context, session);
  keepRelayKeys(context, session);
  context.subscriptions.push(followTunnel(session));
  watchSending(context, session, async () => (await handlers()).sendingNotices);
  logRelay(context, { session, log });
  logSandbox(context, { sandbox, log });
  watchUrls(context, {
    session,
    relays,
    log,
    isKept: (relay) => webhooks.isRegistered(relay) || instanceStore.all(platform.host).length > 0,
    followers: async () => {
      const { urlKeeper, queueOffer } = await handlers();
      return [urlKeeper, queueOffer];
    },
  });
  session.follow();
  // Another window may have started the first relay in this folder.
  context.subscriptions.push(vscode.window.onDidChangeWindowState(({ focused }) => focused && session.follow()));
  // VS Code accepts these at any time, also for what is already open, so activation needn't wait.
  const afterward = setImmediate(() => {
    context.subscriptions.push(
      vscode.window.registerWebviewPanelSerializer(`${prefix}.form`, {
        deserializeWebviewPanel: async (panel) => (await handlers()).form.restore(panel),
      }),
      vscode.window.registerWebviewPanelSerializer(`${prefix}.check`, {
        deserializeWebviewPanel: async (panel, state) => (await handlers()).checkPanels.restore(panel, state),
      }),
      registerSendLens(),
      registerDecorations(),
      vscode.window.registerWebviewViewProvider(`${prefix}.table`, {
        resolveWebviewView: async (view) => (await handlers()).table.show(view),
      }),
      registerAssistants({
        bundle: context.asAbsolutePath('dist/cm-relay.js'),
        version: (context.extension.packageJSON as { version: string }).version,
        dataDir: session.dataDir,
      }),
      watchScenarios(async () => (await handlers()).scenarioTests),
    );
    void sandbox.find();
  });
  context.subscriptions.push({ dispose: () => clearImmediate(afterward) });
}
