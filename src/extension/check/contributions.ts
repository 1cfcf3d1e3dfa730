import { prefix } from '../prefix.ts';
import type { CommandDescriptions } from '../describing.ts';

export const checkCommands = {
  checkCallback: {
    title: 'Check My Callback…',
    icon: 'checklist',
    menus: [
      { menu: 'view/title', view: 'destinations', when: `${prefix}.ownDestination`, group: '2_check@1' },
      { menu: 'view/item/context', view: 'destinations', item: 'destination', group: '0_check@1' },
    ],
  },
  chooseProbe: { title: 'Set Up Contact Count…' },
} as const satisfies CommandDescriptions;
