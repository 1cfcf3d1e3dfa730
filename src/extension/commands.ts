/** The commands of package.json, by the name after the prefix. A script holds both lists against each other. */
export const commandNames = [
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
  'setOpenConnectorsSecrets',
  'forgetOpenConnectorsSecrets',
  'pasteAuthorization',
  'sendSample',
  'sampleReceiver',
  'setSignatureKey',
  'setVerifyKey',
  'setCredentials',
  'removeSecret',
  'filterEvents',
  'clearFilter',
  'groupByTime',
  'groupByList',
  'groupByType',
  'groupByState',
  'refreshEvents',
  'loadMore',
  'replayFailed',
  'discardWaiting',
  'clearHistory',
  'open',
  'openBody',
  'openNotification',
  'openAttempts',
  'openHeaders',
  'compareBodies',
  'compareWithNotification',
  'compareAnswers',
  'replay',
  'replayTo',
  'discard',
  'editAndResend',
  'send',
  'copyAsCurl',
  'copyAsHttp',
  'copyAsHar',
  'copyAsFixture',
  'copyAddress',
  'exportSelection',
  'createTest',
] as const;
export type CommandName = (typeof commandNames)[number];

/** What every id of this extension begins with: commands, settings, views, context keys. */
export const prefix = 'campaignMonitorRelay';

/** The whole id of a command. */
export function commandId(name: CommandName): string {
  return `${prefix}.${name}`;
}

/** What carries out each command. */
export type CommandHandlers = { readonly [name in CommandName]: (...args: never[]) => unknown };
