/** Registers the commands, and runs them: what one throws is logged once and shown with what to do next. */
import * as vscode from 'vscode';
import { GivenUpError } from './ui/progress.ts';
import type { WayOn } from './ui/command-error.ts';
import { commandId, commandParts } from './commands.ts';
import type { CommandName, CommandPart, CommandSources } from './commands.ts';
import { withNext } from './ui/error-words.ts';
import { unlinked } from './ui/printable.ts';

type Handlers = Partial<Record<CommandName, (...args: never[]) => unknown>>;

/**
 * Registers every command. The handlers of a part are made when one of its commands is first run.
 * @returns what ends the registrations
 */
export function registerCommands(log: vscode.LogOutputChannel, sources: CommandSources): vscode.Disposable[] {
  const registered: vscode.Disposable[] = [];
  for (const part of Object.keys(commandParts) as CommandPart[]) {
    let made: Handlers | Promise<Handlers> | undefined;
    const handlers = (): Handlers | Promise<Handlers> => (made ??= sources[part]());
    for (const name of commandParts[part])
      registered.push(
        vscode.commands.registerCommand(commandId(name), (...args: never[]) => run(log, handlers, name, args)),
      );
  }
  return registered;
}

async function run(
  log: vscode.LogOutputChannel,
  handlers: () => Handlers | Promise<Handlers>,
  name: CommandName,
  args: never[],
): Promise<unknown> {
  try {
    return await (await handlers())[name]?.(...args);
  } catch (error) {
    // The user knows.
    if (error instanceof GivenUpError) return undefined;
    const { message, requestId, wayOn } = error as Error & {
      requestId?: string | null;
      wayOn?: WayOn;
    };
    log.error(typeof requestId === 'string' ? `${message} (request ${requestId})` : message);
    const show = vscode.l10n.t('Show Log');
    const buttons = wayOn === undefined ? [show] : [wayOn.title, show];
    void vscode.window.showErrorMessage(unlinked(withNext(error, vscode.l10n)), ...buttons).then((choice) => {
      if (choice === show) log.show();
      else if (choice !== undefined && wayOn !== undefined)
        return vscode.commands.executeCommand(commandId(wayOn.command));
      return undefined;
    });
    return undefined;
  }
}
