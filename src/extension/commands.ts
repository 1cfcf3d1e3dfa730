/**
 * The commands of package.json, by the name after the prefix. Those that one part carries out stand together: it is made
 * when the first of them is run. A script holds them against package.json.
 */
const parts = {
  relay: [
    'start',
    'stop',
    'restart',
    'showStatus',
    'openTunnel',
    'closeTunnel',
    'showLog',
    'copyPublicUrl',
    'copyCampaignMonitorUrl',
    'copyOpenConnectorsUrl',
    'openSettings',
    'openTerminal',
    'openWalkthrough',
    'sampleReceiver',
    'addDestination',
    'setSignatureKey',
    'setVerifyKey',
    'setCredentials',
    'removeSecret',
  ],
  platform: ['setOpenConnectorsSecrets', 'forgetOpenConnectorsSecrets'],
  authorization: ['pasteAuthorization'],
  sandbox: ['startSandbox', 'stopSandbox', 'copySandboxFacts', 'addSandboxSubscriber'],
  form: ['newInstance', 'newSandboxInstance'],
  eventsView: [
    'filterEvents',
    'clearFilter',
    'groupByTime',
    'groupByList',
    'groupByType',
    'groupByState',
    'ungroup',
    'refreshEvents',
    'loadMore',
    'clearHistory',
  ],
  documents: [
    'open',
    'openBody',
    'openNotification',
    'openAttempts',
    'openHeaders',
    'compareBodies',
    'compareWithNotification',
    'compareAnswers',
  ],
  replay: ['replay', 'replayTo', 'replayFailed', 'discard', 'discardWaiting'],
  resend: ['editAndResend', 'send'],
  samples: ['sendSample'],
  exports: ['copyAsCurl', 'copyAsHttp', 'copyAsHar', 'copyAsFixture', 'copyAddress', 'exportSelection'],
  tests: ['createTest'],
  accounts: ['signIn', 'signOut', 'useSandboxAccount'],
  webhooks: [
    'refreshWebhooks',
    'registerWebhooks',
    'testWebhook',
    'activateWebhook',
    'deactivateWebhook',
    'deleteWebhook',
    'deleteOldWebhooks',
    'copyWebhookUrl',
    'copyWebhookId',
    'copyListId',
    'copyClientId',
  ],
  instances: [
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
    'forgetInstance',
  ],
} as const;

/** A part that carries out commands. */
export type CommandPart = keyof typeof parts;
export type CommandName<Part extends CommandPart = CommandPart> = (typeof parts)[Part][number];

/** The parts with the names of their commands. */
export const commandParts: Readonly<Record<CommandPart, readonly CommandName[]>> = parts;

/** What every id of this extension begins with: commands, settings, views, context keys. */
export const prefix = 'campaignMonitorRelay';

/** The whole id of a command. */
export function commandId(name: CommandName): string {
  return `${prefix}.${name}`;
}

/** What carries out each command of a part. */
export type CommandHandlers<Part extends CommandPart> = {
  readonly [name in CommandName<Part>]: (...args: never[]) => unknown;
};

/** What makes the handlers of each part. The compiler holds them complete. */
export type CommandSources = {
  readonly [Part in CommandPart]: () => CommandHandlers<Part> | Promise<CommandHandlers<Part>>;
};
