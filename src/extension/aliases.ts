/** Commands by names that they had: they stay for keybindings and other extensions, and are offered nowhere. */
import type { CommandName } from './commands.ts';

/** What is run instead, with which arguments before those that are given. */
export type Alias = readonly [name: CommandName, ...args: readonly unknown[]];

export const aliases: Readonly<Record<string, Alias>> = {
  groupByTime: ['groupEvents', 'time'],
  groupByList: ['groupEvents', 'list'],
  groupByType: ['groupEvents', 'type'],
  groupByState: ['groupEvents', 'state'],
  ungroup: ['groupEvents', 'none'],
  copyPublicUrl: ['copyUrl', 'public'],
  copyCampaignMonitorUrl: ['copyUrl', 'campaignMonitor'],
  copyOpenConnectorsUrl: ['copyUrl', 'openConnectors'],
  openBody: ['openAsText', 'body'],
  openNotification: ['openAsText', 'notification'],
  openAttempts: ['openAsText', 'attempts'],
  openHeaders: ['openAsText', 'headers'],
  setSignatureKey: ['manageSecrets', 'signatureKeys'],
  setVerifyKey: ['manageSecrets', 'verifyKeys'],
  setCredentials: ['manageSecrets', 'credentials'],
  removeSecret: ['manageSecrets', 'remove'],
  setOpenConnectorsSecrets: ['manageSecrets', 'openConnectors'],
  forgetOpenConnectorsSecrets: ['manageSecrets', 'forgetOpenConnectors'],
  copyWebhookId: ['copyId'],
  copyListId: ['copyId'],
  copyClientId: ['copyId'],
  newSandboxInstance: ['newInstance', 'sandbox'],
  useSandboxAccount: ['signIn', 'sandbox'],
};
