import { rowsFocused, type CommandDescriptions } from '../describing.ts';

export const instancesCommands = {
  refreshInstances: { title: 'Refresh Instances' },
  useRelayUrl: {
    title: 'Set Callback URL to This Relay',
    icon: 'plug',
    menus: [
      { menu: 'view/item/context', view: 'instances', item: 'notHere', group: 'inline@2' },
      { menu: 'view/item/context', view: 'instances', item: 'instance', group: '1_callback@1' },
      { menu: 'view/item/context', view: 'instances', item: 'callback', group: 'inline@1' },
    ],
  },
  queuedNotifications: {
    title: 'Queued Notifications…',
    icon: 'inbox',
    menus: [
      { menu: 'view/item/context', view: 'instances', item: 'instance', group: '1_callback@3' },
      { menu: 'view/item/context', view: 'instances', item: 'queue', group: 'inline@1' },
    ],
  },
  toggleInstanceEvents: {
    title: 'Turn Events On or Off',
    menus: [{ menu: 'view/item/context', view: 'instances', item: 'instance', group: '1_callback@2' }],
  },
  toggleInstance: {
    title: 'Enable or Disable Instance',
    menus: [{ menu: 'view/item/context', view: 'instances', item: 'instance', group: '2_change@4' }],
  },
  editInstance: {
    title: 'Edit Instance…',
    icon: 'edit',
    menus: [
      { menu: 'view/item/context', view: 'instances', item: 'instance', group: '2_change@1' },
      { menu: 'view/item/context', view: 'instances', item: 'lists', group: 'inline@1' },
    ],
  },
  reauthorizeInstance: {
    title: 'Re-authorize Instance…',
    icon: 'key',
    menus: [
      { menu: 'view/item/context', view: 'instances', item: 'invalid', group: 'inline@1' },
      { menu: 'view/item/context', view: 'instances', item: 'instance', group: '2_change@2' },
    ],
  },
  showInstance: {
    title: 'Show Instance as JSON',
    menus: [{ menu: 'view/item/context', view: 'instances', item: 'instance', group: '3_show@2' }],
  },
  showInstanceEvents: {
    title: 'Show Instance’s Event Log',
    menus: [{ menu: 'view/item/context', view: 'instances', item: 'instance', group: '3_show@1' }],
  },
  deleteInstance: {
    title: 'Delete Instance…',
    icon: 'trash',
    menus: [
      { menu: 'view/item/context', view: 'instances', item: 'instance', group: '5_delete@1' },
      { menu: 'view/item/context', view: 'instances', item: 'gone', group: 'inline@1' },
      { menu: 'view/item/context', view: 'instances', item: 'gone', group: '5_delete@1' },
    ],
    keys: [{ key: 'delete', mac: 'cmd+backspace', when: rowsFocused('instances'), args: 'focused' }],
  },
} as const satisfies CommandDescriptions;
