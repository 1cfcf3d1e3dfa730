import { prefix } from '../prefix.ts';
import { rowsFocused, type CommandDescriptions, type KeyBinding } from '../describing.ts';

/** Events that a pause or a breakpoint holds are released, not resent. */
const notAtGate = '!(viewItem =~ /;atGate;/)';

const anyBody = 'resourceFilename =~ /\\.(campaign-monitor|open-connectors)\\.json$/';
/** An event's own documents, except in comparisons. */
const eventDocument = 'resourceScheme == campaignMonitorRelay && !isInDiffEditor && resourceFilename =~ /^e\\d+ /';

export const resendCommands = {
  resend: {
    title: 'Resend',
    icon: 'debug-rerun',
    menus: [
      { menu: 'view/item/context', view: 'events', item: 'notification', when: notAtGate, group: 'inline@1' },
      { menu: 'view/item/context', view: 'events', item: 'notification', group: '3_act@1' },
      { menu: 'editor/title', when: eventDocument, group: 'navigation@2' },
    ],
    keys: [
      { key: 'ctrl+r', mac: 'cmd+r', when: `${rowsFocused('events')} && ${prefix}.state == running`, args: 'focused' },
    ],
  },
  resendTo: {
    title: 'Resend To…',
    menus: [{ menu: 'view/item/context', view: 'events', item: 'notification', group: '3_act@2' }],
  },
  resendFailed: {
    title: 'Resend All Failed',
    icon: 'debug-rerun',
    enabled: `${prefix}.state == running`,
    menus: [{ menu: 'view/title', view: 'events', when: `${prefix}.state == running`, group: '2_act@1' }],
  },
  discard: {
    title: 'Discard',
    icon: 'discard',
    menus: [{ menu: 'view/item/context', view: 'events', item: 'open', group: '3_act@4' }],
    keys: [{ key: 'delete', mac: 'cmd+backspace', when: `${rowsFocused('events')} && ${prefix}.state == running` }],
  },
  discardWaiting: {
    title: 'Discard All Waiting and Held…',
    enabled: `${prefix}.state == running`,
    menus: [
      { menu: 'view/title', view: 'events', when: `${prefix}.state == running`, group: '2_act@2' },
      { menu: 'view/item/context', view: 'destinations', item: 'left', group: '1_discard@1' },
    ],
  },
} as const satisfies CommandDescriptions;

export const resendOnSaveCommands = {
  resendOnSave: {
    title: 'Resend on Save',
    enabled: `${prefix}.state == running`,
    menus: [{ menu: 'view/item/context', view: 'events', item: 'notification', alone: true, group: '3_act@2' }],
  },
  stopResendOnSave: { title: 'Stop Resend on Save' },
} as const satisfies CommandDescriptions;

export const editCommands = {
  editAndResend: {
    title: 'Edit and Resend',
    icon: 'edit',
    palette: false,
    menus: [
      { menu: 'view/item/context', view: 'events', item: 'row', alone: true, group: '3_act@3' },
      { menu: 'editor/title', when: eventDocument, group: 'navigation@3' },
    ],
  },
  send: {
    title: 'Send',
    icon: 'send',
    palette: false,
    menus: [{ menu: 'editor/title', when: anyBody, group: 'navigation' }],
    keys: [{ key: 'ctrl+enter', mac: 'cmd+enter', when: `editorTextFocus && ${anyBody}` }],
  },
} as const satisfies CommandDescriptions;

/** VS Code saves an untitled document that has a name without asking for a place. */
const withoutFolder = 'resourceScheme == untitled && workspaceFolderCount == 0';
const created = 'resourceFilename =~ /\\.(campaign-monitor|open-connectors|cm-scenario)\\.json$|\\.test\\.mjs$/';

export const keysOfOthers = {
  'workbench.action.files.saveAs': [
    { key: 'ctrl+s', mac: 'cmd+s', when: `editorTextFocus && ${withoutFolder} && ${created}` },
  ],
} as const satisfies Readonly<Record<string, readonly KeyBinding[]>>;

export const heldCommands = {
  release: {
    title: 'Release',
    icon: 'send',
    menus: [
      { menu: 'view/item/context', view: 'events', item: 'atGate', group: 'inline@1' },
      { menu: 'view/item/context', view: 'events', item: 'atGate', group: '0_held@1' },
    ],
    keys: [{ key: 'ctrl+enter', mac: 'cmd+enter', when: `${rowsFocused('events')} && ${prefix}.sendingPaused` }],
  },
} as const satisfies CommandDescriptions;

export const samplesCommands = {
  sendSample: {
    title: 'Send Sample Events…',
    icon: 'beaker',
    // In the narrowest side bar, the view's title has space for three icons.
    menus: [
      {
        menu: 'view/title',
        view: 'events',
        when: `${prefix}.state == running && !${prefix}.sendingPaused`,
        group: 'navigation@2',
      },
      { menu: 'view/title', view: 'events', when: `${prefix}.sendingPaused`, group: '2_act@0' },
    ],
  },
} as const satisfies CommandDescriptions;

export const exportsCommands = {
  copyAs: {
    title: 'Copy As…',
    icon: 'copy',
    menus: [{ menu: 'view/item/context', view: 'events', item: 'row', group: '5_copy@1' }],
    keys: [
      { key: 'ctrl+c', mac: 'cmd+c', when: `${rowsFocused('events')} && ${prefix}.state == running`, args: 'curl' },
    ],
  },
  exportSelection: {
    title: 'Export…',
    icon: 'export',
    menus: [{ menu: 'view/item/context', view: 'events', item: 'row', group: '6_export@1' }],
  },
} as const satisfies CommandDescriptions;

export const testsCommands = {
  createTest: {
    title: 'Create Test…',
    icon: 'beaker',
    menus: [{ menu: 'view/item/context', view: 'events', item: 'row', group: '4_test@1' }],
  },
} as const satisfies CommandDescriptions;
