import { prefix } from '../prefix.ts';
import type { CommandDescriptions } from '../describing.ts';

export const handlerCommands = {
  debugHandler: {
    title: 'Debug My Handler',
    icon: 'debug-alt',
    menus: [
      { menu: 'view/title', view: 'destinations', group: '0_debug@1' },
      { menu: 'view/item/context', view: 'destinations', item: 'destination', group: 'inline@0' },
      { menu: 'view/item/context', view: 'destinations', item: 'destination', group: '0_debug@1' },
      { menu: 'view/item/context', view: 'events', item: 'notification', alone: true, group: '3_act@4' },
    ],
  },
  chooseHandlerConfiguration: { title: 'Configure Handler Debugging…' },
} as const satisfies CommandDescriptions;

export const debugCommands = {
  debugDeliveries: {
    title: 'Debug Deliveries',
    icon: 'debug-alt',
    enabled: `!${prefix}.debugging`,
    menus: [
      {
        menu: 'view/title',
        view: 'events',
        when: `${prefix}.state == running && !${prefix}.debugging`,
        group: '2_act@4',
      },
    ],
  },
} as const satisfies CommandDescriptions;
