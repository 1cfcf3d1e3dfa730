/** The commands of this room: what they are called, where they stand and when (see src/extension/contributions.ts). */
import { prefix } from '../../commands.ts';
import { rowsFocused } from '../../describing.ts';
import type { CommandDescriptions } from '../../describing.ts';

export const replayCommands = {
  replay: {
    title: 'Replay',
    icon: 'debug-rerun',
    palette: false,
    menus: [
      { menu: 'view/item/context', view: 'events', item: 'notification', group: 'inline@1' },
      { menu: 'view/item/context', view: 'events', item: 'notification', group: '3_act@1' },
      {
        menu: 'editor/title',
        when: 'resourceScheme == campaignMonitorRelay && !isInDiffEditor && resourceFilename =~ /^e\\d+ /',
        group: 'navigation@2',
      },
    ],
    keys: [{ key: 'ctrl+r', mac: 'cmd+r', when: `${rowsFocused('events')} && ${prefix}.state == running` }],
  },
  replayTo: {
    title: 'Replay To…',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'events', item: 'notification', group: '3_act@2' }],
  },
  replayFailed: {
    title: 'Replay All Failed',
    icon: 'debug-rerun',
    palette: `${prefix}.state == running`,
    menus: [{ menu: 'view/title', view: 'events', when: `${prefix}.state == running`, group: '2_act@1' }],
  },
  discard: {
    title: 'Discard',
    icon: 'discard',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'events', item: 'open', group: '3_act@4' }],
    keys: [{ key: 'delete', mac: 'cmd+backspace', when: `${rowsFocused('events')} && ${prefix}.state == running` }],
  },
  discardWaiting: {
    title: 'Discard All Waiting…',
    palette: `${prefix}.state == running`,
    menus: [
      { menu: 'view/title', view: 'events', when: `${prefix}.state == running`, group: '2_act@2' },
      { menu: 'view/item/context', view: 'destinations', item: 'left', group: '1_discard@1' },
    ],
  },
} as const satisfies CommandDescriptions;

export const resendCommands = {
  editAndResend: {
    title: 'Edit and Resend',
    icon: 'edit',
    palette: false,
    menus: [
      { menu: 'view/item/context', view: 'events', item: 'row', alone: true, group: '3_act@3' },
      {
        menu: 'editor/title',
        when: 'resourceScheme == campaignMonitorRelay && !isInDiffEditor && resourceFilename =~ /^e\\d+ /',
        group: 'navigation@3',
      },
    ],
  },
  send: {
    title: 'Send',
    icon: 'send',
    palette: false,
    menus: [
      {
        menu: 'editor/title',
        when: 'resourceFilename =~ /\\.(campaign-monitor|open-connectors)\\.json$/',
        group: 'navigation',
      },
    ],
    keys: [
      {
        key: 'ctrl+enter',
        mac: 'cmd+enter',
        when: 'editorTextFocus && resourceFilename =~ /\\.(campaign-monitor|open-connectors)\\.json$/',
      },
    ],
  },
} as const satisfies CommandDescriptions;

export const samplesCommands = {
  sendSample: {
    title: 'Send Sample Events…',
    icon: 'beaker',
    palette: true,
    menus: [{ menu: 'view/title', view: 'events', when: `${prefix}.state == running`, group: 'navigation@1' }],
  },
} as const satisfies CommandDescriptions;

export const exportsCommands = {
  copyAsCurl: {
    title: 'Copy as cURL',
    palette: false,
    menus: [{ menu: 'copyAs', group: '1_as@1' }],
    keys: [{ key: 'ctrl+c', mac: 'cmd+c', when: `${rowsFocused('events')} && ${prefix}.state == running` }],
  },
  copyAsHttp: {
    title: 'Copy as .http Request',
    palette: false,
    menus: [{ menu: 'copyAs', group: '1_as@2' }],
  },
  copyAsHar: {
    title: 'Copy as HAR',
    palette: false,
    menus: [{ menu: 'copyAs', group: '1_as@3' }],
  },
  copyAsFixture: {
    title: 'Copy as Shareable Fixture',
    palette: false,
    menus: [{ menu: 'copyAs', group: '1_as@4' }],
  },
  copyAddress: {
    title: 'Copy Address',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'events', item: 'address', group: '5_copy@5' }],
  },
  exportSelection: {
    title: 'Export…',
    icon: 'export',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'events', item: 'row', group: '6_export@1' }],
  },
} as const satisfies CommandDescriptions;

export const testsCommands = {
  createTest: {
    title: 'Create Test from Event…',
    icon: 'beaker',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'events', item: 'notification', alone: true, group: '4_test@1' }],
  },
} as const satisfies CommandDescriptions;
