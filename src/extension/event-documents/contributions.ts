import type { CommandDescriptions } from '../describing.ts';

export const documentsCommands = {
  open: { title: 'Open Event' },
  openAsText: {
    title: 'Open as Text…',
    icon: 'go-to-file',
    palette: 'resourceScheme == campaignMonitorRelay',
    menus: [
      { menu: 'view/item/context', view: 'events', item: 'row', alone: true, group: '1_open@1' },
      {
        menu: 'editor/title',
        when: 'resourceScheme == campaignMonitorRelay && !isInDiffEditor && resourceFilename =~ /^e\\d+/',
        group: 'navigation@1',
      },
    ],
  },
  compareBodies: {
    title: 'Compare Selected',
    icon: 'diff',
    menus: [
      { menu: 'view/item/context', view: 'events', item: 'row', when: 'listDoubleSelection', group: '2_compare@1' },
    ],
  },
  compareWithNotification: { title: 'Compare Body with Notification' },
  compareAnswers: { title: 'Compare Last Two Answers' },
} as const satisfies CommandDescriptions;
