/**
 * A scenario file can name any environment variable for any URL, so the user is asked once for each variable and
 * origin. The answer is saved in the workspace state, which the workspace's files can't change.
 */
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { EnvironmentUse } from '../../check/environment.ts';
import { prefix } from '../prefix.ts';
import { inMessage } from '../ui/printable.ts';

const keptKey = `${prefix}.environmentConsents`;

export async function allowedUses(
  state: vscode.Memento,
  uses: readonly EnvironmentUse[],
): Promise<(use: EnvironmentUse) => boolean> {
  const kept = new Set(state.get<readonly string[]>(keptKey, []));
  const open = new Set(uses.map(keyOf).filter((key) => !kept.has(key)));
  if (open.size > 0 && (await isAllowed(uses.filter((use) => open.has(keyOf(use)))))) {
    for (const key of open) kept.add(key);
    await state.update(keptKey, [...kept]);
  }
  return (use) => kept.has(keyOf(use));
}

function keyOf({ variable, origin }: EnvironmentUse): string {
  return JSON.stringify([variable, origin]);
}

async function isAllowed(uses: readonly EnvironmentUse[]): Promise<boolean> {
  const allow = say('Allow');
  const lines = new Set(uses.map((use) => `• ${usedAs(use)}`));
  const choice = await vscode.window.showWarningMessage(
    say('Send environment variables to URLs in these scenario files?'),
    {
      modal: true,
      detail: [
        say('The scenario files send these environment variables:'),
        ...lines,
        '',
        say(
          'Allow this only if you trust the files and the servers at these URLs. If you allow this, you won’t be asked again.',
        ),
      ].join('\n'),
    },
    // Enter presses the first button.
    say('Don’t Allow'),
    allow,
  );
  return choice === allow;
}

export function usedAs({ variable, origin }: EnvironmentUse): string {
  return say('{0} to {1}', inMessage(variable, 100), inMessage(origin, 300));
}
