/**
 * Every command of the extension, as its room describes it. package.json gets its commands, menus and keybindings from
 * here by `node scripts/check-manifest.ts --write`; code takes the types alone.
 */
import type { SubmenuDescription, SubmenuName } from './describing.ts';
import { accountsCommands } from './accounts/contributions.ts';
import { webhooksCommands } from './webhooks/contributions.ts';
import { handlerCommands } from './debug/contributions.ts';
import {
  exportsCommands,
  heldCommands,
  replayCommands,
  resendCommands,
  samplesCommands,
  testsCommands,
} from './event-actions/contributions.ts';
import { debugCommands } from './debug/contributions.ts';
import { checkCommands } from './check/contributions.ts';
import { documentsCommands } from './event-documents/contributions.ts';
import { eventsViewCommands } from './event-tree/contributions.ts';
import { authorizationCommands } from './oauth/contributions.ts';
import { formCommands } from './instance-form/contributions.ts';
import { instancesCommands } from './instances/contributions.ts';
import { destinationsCommands, relayCommands, sendingCommands } from './relay/contributions.ts';
import { sandboxCommands } from './sandbox/contributions.ts';

export const contributions = {
  relay: relayCommands,
  sending: sendingCommands,
  destinations: destinationsCommands,
  authorization: authorizationCommands,
  sandbox: sandboxCommands,
  form: formCommands,
  eventsView: eventsViewCommands,
  documents: documentsCommands,
  replay: replayCommands,
  resend: resendCommands,
  held: heldCommands,
  samples: samplesCommands,
  exports: exportsCommands,
  tests: testsCommands,
  check: checkCommands,
  accounts: accountsCommands,
  webhooks: webhooksCommands,
  instances: instancesCommands,
  handler: handlerCommands,
  debug: debugCommands,
};

/** Menus in menus. */
export const submenus: Readonly<Record<SubmenuName, SubmenuDescription>> = {
  copyAs: {
    title: 'Copy As',
    places: [{ menu: 'view/item/context', view: 'events', item: 'row', group: '5_copy@1' }],
  },
  compare: {
    title: 'Compare',
    places: [{ menu: 'view/item/context', view: 'events', item: 'row', group: '2_compare' }],
  },
};
