import { prefix } from '../prefix.ts';
import type { CommandDescriptions } from '../describing.ts';

export const accountsCommands = {
  signIn: {
    title: 'Sign In to Campaign Monitor…',
    icon: 'account',
    menus: [{ menu: 'view/title', view: 'webhooks', group: '1_account@1' }],
  },
  signOut: {
    title: 'Sign Out of Campaign Monitor…',
    enabled: `${prefix}.signedIn`,
    menus: [
      { menu: 'view/title', view: 'webhooks', when: `${prefix}.signedIn`, group: '1_account@2' },
      { menu: 'view/item/context', view: 'webhooks', item: 'account', alone: true, group: '1_act@1' },
    ],
  },
} as const satisfies CommandDescriptions;
