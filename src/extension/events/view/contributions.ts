/** The commands of this room: what they are called, where they stand and when (see src/extension/contributions.ts). */
import { prefix } from '../../commands.ts';
import type { CommandDescriptions } from '../../describing.ts';

export const eventsViewCommands = {
  filterEvents: {
    title: 'Filter Events…',
    icon: 'filter',
    palette: `${prefix}.state == running`,
    menus: [{ menu: 'view/title', view: 'events', when: `${prefix}.state == running`, group: 'navigation@2' }],
    keys: [{ key: 'ctrl+f', mac: 'cmd+f', when: `focusedView == ${prefix}.events && ${prefix}.state == running` }],
  },
  clearFilter: {
    title: 'Clear Filter',
    icon: 'clear-all',
    palette: `${prefix}.filtered`,
    menus: [{ menu: 'view/title', view: 'events', when: `${prefix}.filtered`, group: 'navigation@3' }],
  },
  groupByTime: {
    title: 'Group by Time',
    palette: false,
    menus: [{ menu: 'groupBy' }],
  },
  groupByList: {
    title: 'Group by List',
    palette: false,
    menus: [{ menu: 'groupBy' }],
  },
  groupByType: {
    title: 'Group by Type',
    palette: false,
    menus: [{ menu: 'groupBy' }],
  },
  groupByState: {
    title: 'Group by State',
    palette: false,
    menus: [{ menu: 'groupBy' }],
  },
  ungroup: {
    title: 'Show Without Groups',
    palette: false,
    menus: [{ menu: 'groupBy', when: `${prefix}.grouped`, group: 'ungroup' }],
  },
  refreshEvents: {
    title: 'Refresh Events',
    icon: 'refresh',
    palette: `${prefix}.state == running`,
    menus: [{ menu: 'view/title', view: 'events', when: `${prefix}.state == running`, group: 'navigation@4' }],
  },
  loadMore: {
    title: 'Load More Events',
    palette: false,
  },
  clearHistory: {
    title: 'Clear History…',
    icon: 'trash',
    palette: `${prefix}.state == running`,
    menus: [{ menu: 'view/title', view: 'events', when: `${prefix}.state == running`, group: '2_act@3' }],
  },
} as const satisfies CommandDescriptions;
