import { say } from '../../common/say.ts';
import type { EventRow } from '../../protocol/history.ts';
import { connected } from '../session/connected.ts';
import type { ActionParts } from '../events/action-parts.ts';
import { alone, askChoice, only } from '../ui/questions.ts';
import { openUntitled } from '../events/untitled.ts';

export async function createScenario(parts: ActionParts, rows: readonly [EventRow, ...EventRow[]]): Promise<void> {
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

/** Replacing all personal data is offered first. */
export async function askReplaced(
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
