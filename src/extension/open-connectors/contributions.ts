/** The commands of this room: what they are called, where they stand and when (see src/extension/contributions.ts). */
import type { CommandDescriptions } from '../describing.ts';

export const platformCommands = {
  setOpenConnectorsSecrets: {
    title: 'Set Open Connectors Secrets…',
    palette: true,
    menus: [
      { menu: 'view/title', view: 'instances', group: '2_secrets@1' },
      { menu: 'view/item/context', view: 'instances', item: 'failure', group: '1_again@2' },
    ],
  },
  forgetOpenConnectorsSecrets: {
    title: 'Forget Open Connectors Secrets…',
    palette: true,
    menus: [{ menu: 'view/title', view: 'instances', group: '2_secrets@2' }],
  },
} as const satisfies CommandDescriptions;
