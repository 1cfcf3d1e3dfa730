import { say } from '../../common/say.ts';
import type { EventRow } from '../../protocol/history.ts';
import type { CommandHandlers } from '../commands.ts';
import type { EventsNode } from '../events/event-node.ts';
import { connected } from '../session/session.ts';
import { chosenRows } from '../events/chosen.ts';
import { alone, askChoice, askText, only } from '../ui/questions.ts';
import { CommandError } from '../ui/command-error.ts';
import type { ActionParts } from '../events/action-parts.ts';
import { openUntitled } from '../events/untitled.ts';

export function createTestCommands(parts: ActionParts): CommandHandlers<'tests'> {
  return {
    createTest: async (node?: EventsNode, nodes?: readonly EventsNode[]) => {
      connected(parts.session);
      const rows = chosenRows(parts, node, nodes);
      const kind = await askKind(rows);
      if (kind === 'file') await createTest(parts, rows[0]);
      else if (kind === 'scenario') await createScenario(parts, rows);
    },
  };
}

async function askKind([row, ...others]: readonly [EventRow, ...EventRow[]]): Promise<'file' | 'scenario' | undefined> {
  if (others.length > 0 || row.notificationId === null) return 'scenario';
  const asked = askChoice(alone(say('Create Test')), {
    placeholder: say('Choose a test type'),
    items: [
      { label: say('Test File'), detail: say('A Mocha file that posts the notification'), made: 'file' as const },
      {
        label: say('Scenario'),
        detail: say('A file that you can run in Test Explorer or with cm-relay scenario'),
        made: 'scenario' as const,
      },
    ],
  });
  return (await only(asked))?.made;
}

async function createTest(parts: ActionParts, row: EventRow): Promise<void> {
  const client = connected(parts.session);
  const { mainNotification, maskHeaders, testFile } = await import('../deferred.ts');
  const { notifications } = await client.request('events/get', { id: row.id });
  const notification = mainNotification(notifications);
  if (notification === undefined) {
    throw new CommandError(
      say('{0} has no notification', row.id),
      say('Test calls and rejected deliveries don’t have notifications.'),
    );
  }
  const { destinations } = await client.request('relay/status', {});
  const configured = destinations.filter((each) => each.configured);
  const sentTo = notification.forwardings.find(({ destinationId }) =>
    configured.some((each) => each.destinationId === destinationId),
  );
  const replaced = await askReplaced(
    say('Create Test from Event'),
    say(
      'You can share the test after you review it. If the notification is signed, the test reads a signature for the replaced body from an environment variable.',
    ),
    {
      label: say('As Sent'),
      detail: say(
        'Uses the exact bytes, including subscriber data, so that any signature matches. Don’t share the test.',
      ),
    },
  );
  if (replaced === undefined) return;
  const url = await askUrl(sentTo?.destination ?? configured[0]?.url ?? '');
  if (url === undefined) return;
  const rendered = await client.request('notifications/render', {
    id: notification.id,
    ...(sentTo !== undefined && { destinationId: sentTo.destinationId }),
  });
  const text = testFile({
    subject: say('The callback for Campaign Monitor Relay'),
    // No address, because titles appear in reports.
    title: say('accepts {0}', row.type ?? row.kind),
    comment: say('Created from {0}, received {1}. Run: npx mocha <this file>', row.id, row.receivedAt),
    url,
    headers: maskHeaders(rendered.headers),
    body: Buffer.from(rendered.body, 'base64'),
    replaced,
  });
  await openUntitled(`${[row.type ?? row.kind, row.id].join('-').replace(/[^\w-]/g, '-')}.test.mjs`, text);
}

async function askUrl(value: string): Promise<string | undefined> {
  const asked = askText(alone(say('Create Test from Event')), {
    prompt: say('URL of your handler. The test posts the notification there and expects a 2xx answer.'),
    value,
    placeholder: 'http://localhost:3000/callback',
    check: (text) =>
      /^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : '')
        ? undefined
        : say('Enter an http:// or https:// URL'),
  });
  return only(asked);
}

async function createScenario(parts: ActionParts, rows: readonly [EventRow, ...EventRow[]]): Promise<void> {
  const client = connected(parts.session);
  const replaced = await askReplaced(
    say('Create Scenario from Selection'),
    say('The file is self-contained: you can run it anywhere, and share it after you review it.'),
    {
      label: say('IDs from This Relay’s History'),
      detail: say('Sends the exact bytes. Works only with this relay, while the events are in its history.'),
    },
  );
  if (replaced === undefined) return;
  const { exportText, scenarioFile } = await import('../deferred.ts');
  const { version } = parts.context.extension.packageJSON as { version: string };
  const fixture = replaced ? await exportText(client, rows, 'fixture', { version }) : null;
  const [first] = rows;
  const what = [first.type ?? first.kind, ...(rows.length > 1 ? [say('and {0} more', rows.length - 1)] : [])];
  const text = scenarioFile(say('accepts {0}', what.join(' ')), rows, fixture ?? null);
  await openUntitled(
    `${[first.type ?? first.kind, first.id].join('-').replace(/[^\w-]/g, '-')}.cm-scenario.json`,
    text,
  );
}

async function askReplaced(
  title: string,
  detail: string,
  asIs: { readonly label: string; readonly detail: string },
): Promise<boolean | undefined> {
  const asked = askChoice(alone(title), {
    placeholder: say('How should events be stored?'),
    items: [
      { label: say('With Replaced Names, Addresses, and Values'), detail, replaced: true },
      { ...asIs, replaced: false },
    ],
  });
  return (await only(asked))?.replaced;
}
