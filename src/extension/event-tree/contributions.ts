import { prefix } from '../prefix.ts';
import { rowsFocused, type CommandDescriptions } from '../describing.ts';

const readable = `(${prefix}.state == running || ${prefix}.readOnly)`;

const freezable = `(${prefix}.state == running || ${prefix}.paused)`;

export const eventsViewCommands = {
  showTable: { title: 'Show Webhook Events', icon: 'table' },
  filterEvents: {
    title: 'Filter Events…',
    icon: 'filter',
    enabled: readable,
    menus: [{ menu: 'view/title', view: 'events', when: readable, group: 'navigation@3' }],
    keys: [{ key: 'ctrl+f', mac: 'cmd+f', when: `${rowsFocused('events')} && ${readable}` }],
  },
  clearFilter: {
    title: 'Clear Filter',
    icon: 'clear-all',
    enabled: `${prefix}.filtered`,
    menus: [{ menu: 'view/title', view: 'events', when: `${prefix}.filtered`, group: '1_group@1' }],
  },
  toggleFrozen: {
    title: 'Freeze or Unfreeze List',
    enabled: freezable,
    menus: [{ menu: 'view/title', view: 'events', when: freezable, group: '1_group@3' }],
  },
  refreshEvents: { title: 'Refresh Events' },
  loadMore: { title: 'Load More Events' },
  clearHistory: {
    title: 'Clear History…',
    icon: 'trash',
    enabled: `${prefix}.state == running`,
    menus: [{ menu: 'view/title', view: 'events', when: `${prefix}.state == running`, group: '2_act@3' }],
  },
} as const satisfies CommandDescriptions;
