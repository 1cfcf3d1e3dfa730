/** The commands of this room: what they are called, where they stand and when (see src/extension/contributions.ts). */
import { prefix } from '../prefix.ts';
import { rowsFocused } from '../describing.ts';
import type { CommandDescriptions } from '../describing.ts';

export const webhooksCommands = {
  refreshWebhooks: {
    title: 'Refresh Webhooks',
    icon: 'refresh',
    palette: `${prefix}.signedIn`,
    menus: [{ menu: 'view/title', view: 'webhooks', when: `${prefix}.signedIn`, group: 'navigation@2' }],
  },
  registerWebhooks: {
    title: 'Register This Relay on Lists…',
    icon: 'add',
    palette: true,
    menus: [
      { menu: 'view/title', view: 'webhooks', when: `${prefix}.signedIn`, group: 'navigation@1' },
      { menu: 'view/item/context', view: 'webhooks', item: 'list', group: 'inline@1' },
      { menu: 'view/item/context', view: 'webhooks', item: 'list', group: '1_act@1' },
    ],
  },
  testWebhook: {
    title: 'Test Webhook',
    icon: 'debug-alt',
    palette: false,
    menus: [
      { menu: 'view/item/context', view: 'webhooks', item: 'webhook', group: 'inline@1' },
      { menu: 'view/item/context', view: 'webhooks', item: 'webhook', alone: true, group: '1_act@1' },
    ],
  },
  activateWebhook: {
    title: 'Activate Webhook',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'webhooks', item: 'inactive', group: '1_act@2' }],
  },
  deactivateWebhook: {
    title: 'Deactivate Webhook',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'webhooks', item: 'active', group: '1_act@3' }],
  },
  deleteWebhook: {
    title: 'Delete Webhook…',
    icon: 'trash',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'webhooks', item: 'webhook', group: '3_delete@1' }],
    keys: [{ key: 'delete', mac: 'cmd+backspace', when: rowsFocused('webhooks') }],
  },
  deleteOldWebhooks: {
    title: 'Remove All Webhooks That Point to Old URLs…',
    palette: `${prefix}.signedIn`,
    menus: [{ menu: 'view/title', view: 'webhooks', when: `${prefix}.signedIn`, group: '2_act@1' }],
  },
  copyWebhookUrl: {
    title: 'Copy Webhook URL',
    icon: 'copy',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'webhooks', item: 'webhook', alone: true, group: '2_copy@1' }],
    keys: [{ key: 'ctrl+c', mac: 'cmd+c', when: rowsFocused('webhooks') }],
  },
  copyId: {
    title: 'Copy ID',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'webhooks', item: 'id', group: '2_copy@2' }],
  },
} as const satisfies CommandDescriptions;
