import { prefix } from '../prefix.ts';
import { rowsFocused, type CommandDescriptions } from '../describing.ts';

export const webhooksCommands = {
  refreshWebhooks: { title: 'Refresh Webhooks' },
  registerWebhooks: {
    title: 'Register This Relay on Lists…',
    icon: 'add',
    menus: [
      { menu: 'view/title', view: 'webhooks', when: `${prefix}.signedIn`, group: 'navigation@1' },
      { menu: 'view/item/context', view: 'webhooks', item: 'list', group: 'inline@1' },
      { menu: 'view/item/context', view: 'webhooks', item: 'list', group: '1_act@1' },
    ],
  },
  testWebhook: {
    title: 'Test Webhook',
    icon: 'debug-alt',
    menus: [
      { menu: 'view/item/context', view: 'webhooks', item: 'webhook', group: 'inline@1' },
      { menu: 'view/item/context', view: 'webhooks', item: 'webhook', alone: true, group: '1_act@1' },
    ],
  },
  toggleWebhook: {
    title: 'Activate or Deactivate Webhook',
    menus: [{ menu: 'view/item/context', view: 'webhooks', item: 'webhook', group: '1_act@2' }],
  },
  deleteWebhook: {
    title: 'Delete Webhook…',
    icon: 'trash',
    menus: [{ menu: 'view/item/context', view: 'webhooks', item: 'webhook', group: '3_delete@1' }],
    keys: [{ key: 'delete', mac: 'cmd+backspace', when: rowsFocused('webhooks') }],
  },
  deleteOldWebhooks: {
    title: 'Delete Webhooks with Old URLs…',
    palette: false,
    menus: [{ menu: 'view/title', view: 'webhooks', when: `${prefix}.signedIn`, group: '2_act@1' }],
  },
} as const satisfies CommandDescriptions;
