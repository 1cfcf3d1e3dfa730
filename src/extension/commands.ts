/**
 * The commands of package.json, by the name after the prefix. Those that one part carries out stand together. A script
 * holds them against package.json.
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

/** All of them. */
export const commandNames: readonly CommandName[] = Object.values(parts).flat();

/** What every id of this extension begins with: commands, settings, views, context keys. */
export const prefix = 'campaignMonitorRelay';

/** The whole id of a command. */
export function commandId(name: CommandName): string {
  return `${prefix}.${name}`;
}

/** What carries out each command of a part, or of all. The compiler holds them complete. */
export type CommandHandlers<Part extends CommandPart = CommandPart> = {
  readonly [name in CommandName<Part>]: (...args: never[]) => unknown;
};
