/** Loaded on first use, to keep activation short: use `await import('./handlers.ts')`. */
import * as vscode from 'vscode';
import type { ListNames } from './accounts/list-names.ts';
import { createWebhookActions, type WebhookActions } from './webhooks/webhook-actions.ts';
import type { Webhooks } from './webhooks/webhooks.ts';
import { createCheckCommands } from './check/check-commands.ts';
import { CheckPanels } from './check/check-panels.ts';
import { ScenarioTests } from './check/scenario-tests.ts';
import type { CommandHandlers } from './commands.ts';
import { createHandlerCommands, handlerDebugged } from './debug/debug-my-handler.ts';
import type { HandlerWatch } from './debug/handler-watch.ts';
import { createDebugCommands } from './debug/start.ts';
import { createTestCommands } from './event-actions/create-test.ts';
import { createEditCommands } from './event-actions/edit-and-resend.ts';
import { createExportCommands } from './event-actions/export.ts';
import { createHeldCommands } from './event-actions/held.ts';
import { createResendCommands } from './event-actions/resend.ts';
import { createResendOnSaveCommands } from './event-actions/resend-on-save.ts';
import { createSampleCommands } from './event-actions/samples.ts';
import { createDocumentCommands } from './event-documents/document-commands.ts';
import { eventUri } from './event-documents/event-documents.ts';
import { EventPanels } from './event-editor/event-panels.ts';
import { TableView } from './event-table/table-view.ts';
import type { HistoryWatch } from './events/history-watch.ts';
import type { EventsView } from './event-tree/events-view.ts';
import { createEventsViewCommands } from './event-tree/view-commands.ts';
import { BrowserAuthorization, createAuthorizationCommands } from './oauth/browser-authorization.ts';
import type { UriCallbacks } from './oauth/uri-handler.ts';
import { FormPanel } from './instance-form/form-panel.ts';
import { createInstanceCommands } from './instances/instance-commands.ts';
import type { InstanceDocuments } from './instances/instance-documents.ts';
import type { InstanceStore } from './instances/instance-store.ts';
import type { InstancesView } from './instances/instances-view.ts';
import type { QueueOffer } from './instances/queue-offer.ts';
import { createQueueOffer } from './instances/queued-notifications.ts';
import { InstanceUrls } from './instances/instance-urls.ts';
import { createPlatformSecrets } from './open-connectors/manage-platform-secrets.ts';
import type { Platform } from './open-connectors/platform.ts';
import { createRelayCommands } from './relay/commands.ts';
import type { DestinationsView } from './destinations/destinations-view.ts';
import { createDestinationCommands } from './destinations/edit-destination.ts';
import type { KnownRelays } from './session/known-relays.ts';
import type { SecretBox } from './secrets/secrets.ts';
import { createSendingCommands } from './sending/sending.ts';
import { SendingNotices } from './sending/sending-notices.ts';
import type { Session } from './session/session.ts';
import type { StoppedHistory } from './session/stopped-history.ts';
import type { UrlKeeper } from './public-url/url-keeper.ts';
import { urlContext } from './public-url/url-place.ts';
import { createUrlKeeper } from './public-url/url-question.ts';
import { createRowCommands } from './rows/row-commands.ts';
import { copyFacts, createSandboxCommands } from './sandbox/sandbox-commands.ts';
import type { SandboxProcess } from './sandbox/sandbox-process.ts';

export interface ActivationParts {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly secrets: SecretBox;
  readonly session: Session;
  readonly names: ListNames;
  readonly relays: KnownRelays;
  readonly sandbox: SandboxProcess;
  readonly platform: Platform;
  readonly uris: UriCallbacks;
  readonly events: EventsView;
  readonly watch: HistoryWatch;
  readonly destinations: DestinationsView;
  readonly history: StoppedHistory;
  readonly webhooks: Webhooks;
  readonly instances: InstancesView;
  readonly instanceStore: InstanceStore;
  readonly instanceDocuments: InstanceDocuments;
  readonly debugged: HandlerWatch;
}

export interface Handlers {
  readonly commands: CommandHandlers;
  readonly webhookActions: WebhookActions;
  readonly urlKeeper: UrlKeeper;
  readonly queueOffer: QueueOffer;
  readonly form: FormPanel;
  readonly eventPanels: EventPanels;
  readonly table: TableView;
  readonly sendingNotices: SendingNotices;
  readonly scenarioTests: ScenarioTests;
  readonly checkPanels: CheckPanels;
}

export function createHandlers(parts: ActivationParts): Handlers {
  const { context, log, secrets, session, sandbox, platform, uris, events, watch, webhooks } = parts;
  const { instances, instanceStore: store, instanceDocuments: documents, destinations, names, relays, history } = parts;
  const { debugged } = parts;
  const browser = new BrowserAuthorization(context, log, uris);
  const webhookActions = createWebhookActions({
    session,
    log,
    browser,
    relays,
    accounts: webhooks.accounts,
    journal: webhooks.journal,
    source: webhooks.source,
    view: webhooks.view,
  });
  const form = new FormPanel({
    context,
    log,
    secrets,
    session,
    platform,
    browser,
    sandbox,
    instances: store,
    pickLists: webhookActions.pickListIds,
  });
  const instanceParts = {
    session,
    secrets,
    platform,
    store,
    browser,
    view: instances,
    documents,
    callbackSet: () => void queueOffer.follow(),
  };
  const instanceUrls = new InstanceUrls({
    platform,
    store,
    urlContext: () => instances.urlContext(),
    changed: () => {
      void instances.refresh();
      void queueOffer.follow();
    },
  });
  const urlKeeper = createUrlKeeper({ session, log, holders: [webhookActions.urls, instanceUrls] });
  const queueOffer = createQueueOffer({ ...instanceParts, log, memory: context.workspaceState });
  const table = new TableView({ context, log, session, watch, events, names });
  const { isVisible: isSeen } = events.progressPlace;
  const actionParts = { context, session, history, select: events.select, isSeen, focused: events.focused };
  const checkPanels = new CheckPanels({ context, log });
  return {
    table,
    checkPanels,
    webhookActions,
    scenarioTests: new ScenarioTests({
      context,
      log,
      session,
      secrets,
      history,
      debugHandler: (url, signal) => handlerDebugged({ destinations, ...debugged }, url, signal),
    }),
    form,
    sendingNotices: new SendingNotices({
      open: (eventId) => vscode.commands.executeCommand('vscode.open', eventUri(eventId)),
    }),
    eventPanels: new EventPanels({ context, session, history, log, names }),
    urlKeeper,
    queueOffer,
    commands: {
      ...webhookActions.accountHandlers,
      ...webhookActions.webhookHandlers,
      newInstance: (where?: unknown) => (where === 'sandbox' ? form.openForSandbox() : form.open()),
      ...createRelayCommands({
        context,
        session,
        log,
        secrets,
        urlKeeper,
        history,
        view: events.progressPlace,
        platformSecrets: createPlatformSecrets(platform),
        beforeStop: webhooks.beforeStop,
        sandboxFacts: async () => {
          const running = await sandbox.find();
          return running && (() => copyFacts(running));
        },
      }),
      ...createSendingCommands(session),
      ...createDestinationCommands({
        secrets,
        consents: session.consents,
        view: destinations,
        names: { nameOfList: names.nameOf },
      }),
      ...createAuthorizationCommands(browser),
      ...createSandboxCommands({ sandbox, urlContext: (path) => urlContext(session, relays, path) }),
      ...createEventsViewCommands({ view: events, watch, session, history }),
      ...createDocumentCommands(actionParts),
      ...createResendCommands(actionParts),
      ...createResendOnSaveCommands(actionParts),
      ...createEditCommands(actionParts),
      ...createHeldCommands(actionParts),
      ...createSampleCommands(actionParts),
      ...createExportCommands(actionParts),
      ...createTestCommands(actionParts),
      ...createHandlerCommands({ context, session, destinations, ...debugged }),
      ...createCheckCommands({ context, session, secrets, destinations, panels: checkPanels }),
      ...createInstanceCommands(instanceParts),
      ...createRowCommands({ events, destinations, webhooks: webhooks.view, instances: instanceParts }),
      ...createDebugCommands(),
    },
  };
}
