import * as vscode from 'vscode';
import { say } from '../common/say.ts';
import { GivenUpError } from './ui/progress.ts';
import type { NextAction } from './ui/command-error.ts';
import { commandId, internalCommands, type CommandName } from './commands.ts';
import type { Handlers } from './handlers.ts';
import { prefix } from './prefix.ts';
import { withNext } from './ui/error-words.ts';
import { byCommand, offer } from './ui/offer.ts';

interface Contributes {
  readonly commands: readonly { readonly command: string }[];
  readonly menus: Readonly<Record<string, readonly MenuEntry[]>>;
}

interface MenuEntry {
  readonly command?: string;
  readonly submenu?: string;
  readonly when?: string;
}

/** Includes submenus. @param when a required part of the entries' `when`; not applied in submenus */
function menuCommands(menus: Contributes['menus'], menu: string, when: string): string[] {
  return (menus[menu] ?? [])
    .filter((entry) => entry.when?.includes(when) === true || when === '')
    .flatMap(({ command, submenu }) => [
      ...(command === undefined ? [] : [command]),
      ...(submenu === undefined ? [] : menuCommands(menus, submenu, '')),
    ]);
}

export function registerCommands(
  { extension }: Pick<vscode.ExtensionContext, 'extension'>,
  log: vscode.LogOutputChannel,
  events: { given(args: readonly unknown[]): Promise<readonly unknown[]> },
  handlers: () => Promise<Pick<Handlers, 'commands' | 'table'>>,
): vscode.Disposable[] {
  const { contributes } = extension.packageJSON as { contributes: Contributes };
  const ofEvents = (menu: string): string[] => menuCommands(contributes.menus, menu, `view == ${prefix}.events`);
  // Commands in the view's title don't need a row: VS Code passes none there if no row has the focus.
  const inTitle = new Set(ofEvents('view/title'));
  const ofRows = new Set(ofEvents('view/item/context').filter((id) => !inTitle.has(id)));
  const declared = contributes.commands.map(({ command }) => command.slice(prefix.length + 1) as CommandName);
  return [...declared, ...internalCommands].map((name) =>
    vscode.commands.registerCommand(commandId(name), (...args: unknown[]) =>
      run(log, async () => {
        const { commands, table } = await handlers();
        const given = ofRows.has(commandId(name)) ? await events.given(args) : args;
        return commands[name](...((await table.given(given, name)) as never[]));
      }),
    ),
  );
}

async function run(log: vscode.LogOutputChannel, command: () => unknown): Promise<unknown> {
  try {
    return await command();
  } catch (error) {
    if (error instanceof GivenUpError) return undefined;
    const { message, requestId, nextAction } = error as Error & {
      requestId?: string | null;
      nextAction?: NextAction;
    };
    log.error(typeof requestId === 'string' ? `${message} (request ${requestId})` : message);
    void offer('Error', withNext(error), {
      ...(nextAction !== undefined && {
        [nextAction.title]: byCommand(nextAction.command, ...(nextAction.args ?? [])),
      }),
      [say('Show Log')]: () => log.show(),
    });
    return undefined;
  }
}
