import { prefix } from '../prefix.ts';
import type { CommandDescriptions } from '../describing.ts';

export const sandboxCommands = {
  toggleSandbox: {
    title: 'Turn Sandbox On or Off',
    menus: [{ menu: 'view/title', view: 'instances', group: '3_sandbox@1' }],
  },
  addSandboxSubscriber: {
    title: 'Add Subscriber in Sandbox…',
    icon: 'person-add',
    palette: `${prefix}.sandboxRunning`,
    menus: [
      { menu: 'view/title', view: 'instances', when: `${prefix}.sandboxRunning`, group: '3_sandbox@3' },
      { menu: 'view/item/context', view: 'instances', item: 'sandboxInstance', group: '3_show@3' },
      { menu: 'view/item/context', view: 'webhooks', item: 'sandboxList', alone: true, group: '1_act@2' },
    ],
  },
} as const satisfies CommandDescriptions;
