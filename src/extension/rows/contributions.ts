import { prefix } from '../prefix.ts';
import { rowsFocused, type CommandDescriptions } from '../describing.ts';

export const rowsCommands = {
  copy: {
    title: 'Copy…',
    icon: 'copy',
    menus: [
      { menu: 'view/item/context', view: 'destinations', item: 'destination', group: '2_copy@1' },
      { menu: 'view/item/context', view: 'webhooks', item: 'id', group: '2_copy@1' },
      { menu: 'view/item/context', view: 'instances', item: 'instance', group: '4_copy@1' },
    ],
    keys: (['destinations', 'webhooks', 'instances'] as const).map((view) => ({
      key: 'ctrl+c',
      mac: 'cmd+c',
      when: rowsFocused(view),
      args: view,
    })),
  },
  refresh: {
    title: 'Refresh',
    icon: 'refresh',
    menus: [
      {
        menu: 'view/title',
        view: 'events',
        when: `(${prefix}.state == running || ${prefix}.readOnly)`,
        group: '1_group@4',
      },
      { menu: 'view/title', view: 'webhooks', when: `${prefix}.signedIn`, group: 'navigation@2' },
      { menu: 'view/title', view: 'instances', group: 'navigation@9' },
      { menu: 'view/item/context', view: 'instances', item: 'failure', group: '1_again@1' },
    ],
  },
} as const satisfies CommandDescriptions;
