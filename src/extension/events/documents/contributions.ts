/** The commands of this room: what they are called, where they stand and when (see src/extension/contributions.ts). */
import type { CommandDescriptions } from '../../describing.ts';

export const documentsCommands = {
  open: {
    title: 'Open Event',
    palette: false,
  },
  openAsText: {
    title: 'Open as Text…',
    icon: 'go-to-file',
    palette: 'resourceScheme == campaignMonitorRelay',
    menus: [
      {
        menu: 'editor/title',
        when: 'resourceScheme == campaignMonitorRelay && resourceFilename =~ /^e\\d+$/',
        group: 'navigation@1',
      },
    ],
  },
  openBody: {
    title: 'Open Body',
    icon: 'json',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'events', item: 'row', alone: true, group: '1_open@1' }],
  },
  openNotification: {
    title: 'Open Notification',
    icon: 'mail',
    palette: false,
    menus: [
      { menu: 'view/item/context', view: 'events', item: 'notification', alone: true, group: '1_open@2' },
      {
        menu: 'editor/title',
        when: 'resourceScheme == campaignMonitorRelay && !isInDiffEditor && resourceFilename =~ /^e\\d+ (?!notification)/',
        group: 'navigation@1',
      },
    ],
  },
  openAttempts: {
    title: 'Open Attempts and Answers',
    icon: 'history',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'events', item: 'attempted', alone: true, group: '1_open@3' }],
  },
  openHeaders: {
    title: 'Open Headers',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'events', item: 'row', alone: true, group: '1_open@4' }],
  },
  compareBodies: {
    title: 'Compare Selected',
    icon: 'diff',
    palette: false,
    menus: [{ menu: 'compare', when: 'listDoubleSelection', group: '1@1' }],
  },
  compareWithNotification: {
    title: 'Compare Body with Notification',
    palette: false,
    menus: [{ menu: 'compare', item: 'notification', alone: true, group: '1@2' }],
  },
  compareAnswers: {
    title: 'Compare Last Two Answers',
    palette: false,
    menus: [{ menu: 'compare', item: 'answers', alone: true, group: '1@3' }],
  },
} as const satisfies CommandDescriptions;
