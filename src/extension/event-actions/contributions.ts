/** The commands of this room: what they are called, where they stand and when (see src/extension/contributions.ts). */
import { prefix } from '../prefix.ts';
import { rowsFocused } from '../describing.ts';
import type { CommandDescriptions } from '../describing.ts';

/** What a pause or a breakpoint holds is released and dropped in place of that. */
const notAtGate = '!(viewItem =~ /;atGate;/)';

/** A body to edit, and one that is released in the place of what is held. How its name ends says so: send-lens.ts. */
const anyBody = 'resourceFilename =~ /\\.(campaign-monitor|open-connectors)\\.json$/';
const heldBody = 'resourceFilename =~ / e\\d+(-\\d+)?\\.held\\.(campaign-monitor|open-connectors)\\.json$/';
const otherBody = `${anyBody} && !(${heldBody})`;

export const replayCommands = {
  replay: {
    title: 'Replay',
    icon: 'debug-rerun',
    palette: false,
    menus: [
      { menu: 'view/item/context', view: 'events', item: 'notification', when: notAtGate, group: 'inline@1' },
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
  // What acts on a row is in no palette: this asks for the row.
  resend: {
    title: 'Resend…',
    icon: 'debug-rerun',
    palette: true,
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
    menus: [{ menu: 'view/item/context', view: 'events', item: 'open', when: notAtGate, group: '3_act@4' }],
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
      { menu: 'view/item/context', view: 'events', item: 'row', alone: true, when: notAtGate, group: '3_act@3' },
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
    menus: [{ menu: 'editor/title', when: otherBody, group: 'navigation' }],
    keys: [{ key: 'ctrl+enter', mac: 'cmd+enter', when: `editorTextFocus && ${otherBody}` }],
  },
} as const satisfies CommandDescriptions;

/** What VS Code would save without asking where, since a document with a name of its own has a place. */
const withoutFolder = 'resourceScheme == untitled && workspaceFolderCount == 0';
const created = 'resourceFilename =~ /\\.(campaign-monitor|open-connectors|cm-scenario)\\.json$|\\.test\\.mjs$/';

export const heldCommands = {
  release: {
    title: 'Release',
    icon: 'send',
    palette: false,
    menus: [
      { menu: 'view/item/context', view: 'events', item: 'atGate', group: 'inline@1' },
      { menu: 'view/item/context', view: 'events', item: 'atGate', group: '0_held@1' },
    ],
    keys: [{ key: 'ctrl+enter', mac: 'cmd+enter', when: `${rowsFocused('events')} && ${prefix}.sendingPaused` }],
  },
  editAndRelease: {
    title: 'Edit and Release',
    icon: 'edit',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'events', item: 'atGate', alone: true, group: '0_held@2' }],
  },
  drop: {
    title: 'Drop',
    icon: 'trash',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'events', item: 'atGate', group: '0_held@3' }],
  },
  releaseEdited: {
    title: 'Release Edited',
    icon: 'send',
    palette: false,
    menus: [{ menu: 'editor/title', when: heldBody, group: 'navigation' }],
    keys: [{ key: 'ctrl+enter', mac: 'cmd+enter', when: `editorTextFocus && ${heldBody}` }],
  },
} as const satisfies CommandDescriptions;

export const samplesCommands = {
  sendSample: {
    title: 'Send Sample Events…',
    icon: 'beaker',
    palette: true,
    // In the narrowest side bar the view's title keeps its name beside three icons.
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
  saveCreated: {
    title: 'Save As…',
    palette: false,
    keys: [{ key: 'ctrl+s', mac: 'cmd+s', when: `editorTextFocus && ${withoutFolder} && ${created}` }],
  },
  createScenario: {
    title: 'Create Scenario from Selection…',
    icon: 'beaker',
    palette: false,
    menus: [{ menu: 'view/item/context', view: 'events', item: 'row', group: '4_test@2' }],
  },
} as const satisfies CommandDescriptions;
