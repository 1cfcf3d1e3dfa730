/** The commands of this room: what they are called, where they stand and when (see src/extension/contributions.ts). */
import { rowsFocused } from '../describing.ts';
import type { CommandDescriptions } from '../describing.ts';

export const instancesCommands = {
  refreshInstances: {
    title: 'Refresh Instances',
    icon: 'refresh',
    palette: true,
    menus: [
      { menu: 'view/title', view: 'instances', group: 'navigation@9' },
      { menu: 'view/item/context', view: 'instances', item: 'failure', group: '1_again@1' },
    ],
  },
  useRelayUrl: {
    title: 'Set Callback URL to This Relay',
    icon: 'plug',
    palette: false,
    menus: [
      { menu: 'view/item/context', view: 'instances', item: 'notHere', group: 'inline@2' },
      { menu: 'view/item/context', view: 'instances', item: 'instance', group: '1_callback@1' },
      { menu: 'view/item/context', view: 'instances', item: 'callback', group: 'inline@1' },
    ],
  },
  turnEventsOn: {
    title: 'Turn Events On',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'instances', item: 'eventsOff', group: '1_callback@2' }],
  },
  turnEventsOff: {
    title: 'Turn Events Off',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'instances', item: 'eventsOn', group: '1_callback@3' }],
  },
  enableInstance: {
    title: 'Enable Instance',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'instances', item: 'disabled', group: '2_change@4' }],
  },
  disableInstance: {
    title: 'Disable Instance',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'instances', item: 'enabled', group: '2_change@5' }],
  },
  editInstanceLists: {
    title: 'Edit Instance’s Lists…',
    icon: 'edit',
    palette: false,
    menus: [
      { menu: 'view/item/context', view: 'instances', item: 'instance', group: '2_change@1' },
      { menu: 'view/item/context', view: 'instances', item: 'lists', group: 'inline@1' },
    ],
  },
  reauthoriseInstance: {
    title: 'Re-authorise Instance…',
    icon: 'key',
    palette: false,
    menus: [
      { menu: 'view/item/context', view: 'instances', item: 'invalid', group: 'inline@1' },
      { menu: 'view/item/context', view: 'instances', item: 'instance', group: '2_change@2' },
    ],
  },
  renameInstance: {
    title: 'Rename Instance…',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'instances', item: 'instance', group: '2_change@3' }],
  },
  copyInstanceToken: {
    title: 'Copy Instance Token',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'instances', item: 'instance', group: '4_copy@1' }],
  },
  copyInstanceId: {
    title: 'Copy Instance ID',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'instances', item: 'instance', group: '4_copy@2' }],
    keys: [{ key: 'ctrl+c', mac: 'cmd+c', when: rowsFocused('instances'), args: 'focused' }],
  },
  copyInstanceAsCurl: {
    title: 'Copy Instance as cURL…',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'instances', item: 'instance', group: '4_copy@3' }],
  },
  showInstance: {
    title: 'Show Instance as JSON',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'instances', item: 'instance', group: '3_show@2' }],
  },
  showInstanceEvents: {
    title: 'Show Instance’s Event Log',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'instances', item: 'instance', group: '3_show@1' }],
  },
  deleteInstance: {
    title: 'Delete Instance…',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'instances', item: 'instance', group: '5_delete@1' }],
    keys: [{ key: 'delete', mac: 'cmd+backspace', when: rowsFocused('instances'), args: 'focused' }],
  },
  forgetInstance: {
    title: 'Forget Instance…',
    icon: 'trash',
    palette: false,
    menus: [
      { menu: 'view/item/context', view: 'instances', item: 'gone', group: 'inline@1' },
      { menu: 'view/item/context', view: 'instances', item: 'gone', group: '5_delete@1' },
    ],
  },
} as const satisfies CommandDescriptions;
