import { prefix } from '../prefix.ts';
import { rowsFocused, type CommandDescriptions } from '../describing.ts';

export const relayCommands = {
  start: {
    title: 'Start Relay',
    icon: 'play',
    enabled: `!(${prefix}.state == running)`,
    menus: [{ menu: 'view/title', view: 'events', when: `!(${prefix}.state == running)`, group: 'navigation@1' }],
  },
  stop: {
    title: 'Stop Relay',
    icon: 'debug-stop',
    enabled: `${prefix}.state == running`,
    menus: [{ menu: 'view/title', view: 'events', when: `${prefix}.state == running`, group: '4_relay@2' }],
  },
  restart: {
    title: 'Restart Relay',
    icon: 'debug-restart',
    enabled: `${prefix}.state == running`,
    menus: [{ menu: 'view/title', view: 'events', when: `${prefix}.state == running`, group: '4_relay@1' }],
  },
  showStatus: { title: 'Show Relay Status' },
  togglePublicUrl: {
    title: 'Open or Close Public URL',
    menus: [{ menu: 'view/title', view: 'events', when: `${prefix}.state == running`, group: '3_url@1' }],
  },
  openTunnel: { title: 'Open Public URL' },
  showLog: {
    title: 'Show Log',
    icon: 'output',
    menus: [
      { menu: 'view/title', view: 'events', group: '5_more@1' },
      { menu: 'view/item/context', view: 'events', item: 'failure', group: 'inline@1' },
    ],
  },
  copyDiagnostics: {
    title: 'Copy Diagnostics',
    menus: [{ menu: 'view/title', view: 'events', group: '5_more@2' }],
  },
  chooseTunnel: {
    title: 'Choose Tunnel…',
    menus: [{ menu: 'view/title', view: 'events', group: '3_url@4' }],
  },
  copyUrl: {
    title: 'Copy URL or Credential…',
    icon: 'copy',
    enabled: `${prefix}.state == running || ${prefix}.sandboxRunning`,
    menus: [
      { menu: 'view/title', view: 'events', when: `${prefix}.state == running`, group: '3_url@2' },
      { menu: 'view/title', view: 'instances', when: `${prefix}.sandboxRunning`, group: '3_sandbox@2' },
    ],
  },
  newSecretUrl: {
    title: 'New Secret URL…',
    icon: 'refresh',
    enabled: `${prefix}.state == running`,
    menus: [{ menu: 'view/title', view: 'events', when: `${prefix}.state == running`, group: '3_url@3' }],
  },
  openSettings: { title: 'Open Settings' },
  openTerminal: { title: 'Open Terminal with cm-relay', icon: 'terminal' },
  sampleReceiver: {
    title: 'Choose the Sample Receiver’s Answer…',
    menus: [
      {
        menu: 'view/item/context',
        view: 'destinations',
        item: 'sample',
        when: `${prefix}.state == running`,
        group: '1_answer@1',
      },
    ],
  },
  manageSecrets: {
    title: 'Manage Keys and Secrets…',
    icon: 'key',
    menus: [
      { menu: 'view/title', view: 'events', group: '4_settings@2' },
      { menu: 'view/title', view: 'instances', group: '2_secrets@1' },
      { menu: 'view/item/context', view: 'events', item: 'held', group: '3_act@5' },
      { menu: 'view/item/context', view: 'instances', item: 'failure', group: '1_again@2' },
    ],
  },
} as const satisfies CommandDescriptions;

const sendingPaused = `${prefix}.sendingPaused`;
const sendingFlows = `${prefix}.state == running && !${prefix}.sendingPaused`;
/** In a debug session, VS Code's own keys apply. */
const steppedInRows = `${rowsFocused('events')} && ${prefix}.sendingPaused && !inDebugMode`;

export const sendingCommands = {
  pauseSending: {
    title: 'Pause Sending',
    icon: 'debug-pause',
    enabled: sendingFlows,
    menus: [{ menu: 'view/title', view: 'events', when: sendingFlows, group: 'navigation@1' }],
  },
  continueSending: {
    title: 'Continue Sending',
    icon: 'debug-continue',
    enabled: sendingPaused,
    menus: [{ menu: 'view/title', view: 'events', when: sendingPaused, group: 'navigation@1' }],
    keys: [{ key: 'f5', mac: 'f5', when: steppedInRows }],
  },
  answerDeliveries: {
    title: 'Answer Deliveries With…',
    icon: 'reply',
    enabled: `${prefix}.state == running`,
    menus: [{ menu: 'view/title', view: 'events', when: `${prefix}.state == running`, group: '2_act@4' }],
  },
  sendNext: {
    title: 'Send Next',
    icon: 'debug-step-over',
    enabled: sendingPaused,
    menus: [{ menu: 'view/title', view: 'events', when: sendingPaused, group: 'navigation@2' }],
    keys: [{ key: 'f10', mac: 'f10', when: steppedInRows }],
  },
} as const satisfies CommandDescriptions;

export const destinationsCommands = {
  addDestination: {
    title: 'Add Destination…',
    icon: 'add',
    menus: [
      { menu: 'view/title', view: 'destinations', group: 'navigation@1' },
      { menu: 'view/item/context', view: 'destinations', item: 'sample', group: 'inline@1' },
    ],
  },
  editDestination: {
    title: 'Edit Destination…',
    icon: 'edit',
    menus: [
      { menu: 'view/item/context', view: 'destinations', item: 'destination', group: 'inline@1' },
      { menu: 'view/item/context', view: 'destinations', item: 'field', group: 'inline@1' },
      { menu: 'view/item/context', view: 'destinations', item: 'destination', group: '1_edit@1' },
    ],
  },
  removeDestination: {
    title: 'Remove Destination…',
    icon: 'trash',
    menus: [
      { menu: 'view/item/context', view: 'destinations', item: 'destination', group: 'inline@2' },
      { menu: 'view/item/context', view: 'destinations', item: 'destination', group: '4_remove@1' },
    ],
    keys: [{ key: 'delete', mac: 'cmd+backspace', when: rowsFocused('destinations') }],
  },
  openDestinations: { title: 'Open Destinations in the Settings' },
} as const satisfies CommandDescriptions;
