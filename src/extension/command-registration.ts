/** Registers the commands, and runs them: what one throws is logged once and shown with what to do next. */
import * as vscode from 'vscode';
import { GivenUpError } from './ui/progress.ts';
import type { WayOn } from './ui/command-error.ts';
import { commandId, internalCommands } from './commands.ts';
import type { CommandName } from './commands.ts';
import type { Handlers } from './handlers.ts';
import { prefix } from './prefix.ts';
import { withNext } from './ui/error-words.ts';
import { byCommand, offer } from './ui/offer.ts';

/**
 * Registers every command that the extension's package.json names, and those of rows alone.
 * @param handlers is asked for what carries them out whenever one is run
 * @returns what ends the registrations
 */
export function registerCommands(
  { extension }: Pick<vscode.ExtensionContext, 'extension'>,
  log: vscode.LogOutputChannel,
  handlers: () => Promise<Pick<Handlers, 'commands' | 'table'>>,
): vscode.Disposable[] {
  const { contributes } = extension.packageJSON as { contributes: { commands: readonly { command: string }[] } };
  // The script that makes package.json holds it against the descriptions.
  const declared = contributes.commands.map(({ command }) => command.slice(prefix.length + 1) as CommandName);
  return [...declared, ...internalCommands].map((name) =>
    vscode.commands.registerCommand(commandId(name), (...args: unknown[]) =>
      run(log, async () => {
        const { commands, table } = await handlers();
        return commands[name](...((await table.given(args)) as never[]));
      }),
    ),
  );
}

async function run(log: vscode.LogOutputChannel, command: () => unknown): Promise<unknown> {
  try {
    return await command();
  } catch (error) {
    // The user knows.
    if (error instanceof GivenUpError) return undefined;
    const { message, requestId, wayOn } = error as Error & {
      requestId?: string | null;
      wayOn?: WayOn;
    };
    log.error(typeof requestId === 'string' ? `${message} (request ${requestId})` : message);
    void offer('Error', withNext(error, vscode.l10n), {
      ...(wayOn !== undefined && { [wayOn.title]: byCommand(wayOn.command, ...(wayOn.args ?? [])) }),
      [vscode.l10n.t('Show Log')]: () => log.show(),
    });
    return undefined;
  }
}
