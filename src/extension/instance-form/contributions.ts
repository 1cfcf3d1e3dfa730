import type { CommandDescriptions } from '../describing.ts';

export const formCommands = {
  newInstance: {
    title: 'New Instance…',
    icon: 'add',
    menus: [{ menu: 'view/title', view: 'instances', group: 'navigation@1' }],
  },
} as const satisfies CommandDescriptions;
