/** The source of package.json's commands, menus and keybindings (`node scripts/check-manifest.ts --write`). */
import { accountsCommands } from './accounts/contributions.ts';
import { webhooksCommands } from './webhooks/contributions.ts';
import { handlerCommands } from './debug/contributions.ts';
import {
  editCommands,
  exportsCommands,
  heldCommands,
  resendCommands,
  resendOnSaveCommands,
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
import { rowsCommands } from './rows/contributions.ts';
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
  resend: resendCommands,
  resendOnSave: resendOnSaveCommands,
  edit: editCommands,
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
  rows: rowsCommands,
};
