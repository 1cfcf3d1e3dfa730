/** What package.json says of the commands, made from their descriptions in the rooms of the extension. */
import { internalCommands } from '../src/extension/commands.ts';
import { prefix } from '../src/extension/prefix.ts';
import { contributions } from '../src/extension/contributions.ts';
import { keysOfOthers } from '../src/extension/event-actions/contributions.ts';
import type { CommandDescription, MenuPlace } from '../src/extension/describing.ts';

interface MenuEntry {
  readonly command: string;
  readonly when?: string;
  readonly group?: string;
}

/** The parts of `contributes` that are made here. */
export interface Contributes {
  readonly commands: readonly object[];
  readonly menus: Readonly<Record<string, readonly MenuEntry[]>>;
  readonly keybindings: readonly object[];
}

const commands: readonly (readonly [string, CommandDescription])[] = Object.values(contributions).flatMap((part) =>
  Object.entries<CommandDescription>(part).filter(([name]) => !(internalCommands as readonly string[]).includes(name)),
);

function whenOf({ view, item, alone, when }: MenuPlace): string | undefined {
  const clauses = [
    view === undefined ? undefined : `view == ${prefix}.${view}`,
    item === undefined ? undefined : `viewItem =~ /;${item};/`,
    alone === true ? '!listMultiSelection' : undefined,
    when,
  ].filter((clause) => clause !== undefined);
  return clauses.length === 0 ? undefined : clauses.join(' && ');
}

function entry(command: string, place: MenuPlace): MenuEntry {
  const when = whenOf(place);
  return {
    command,
    ...(when !== undefined && { when }),
    ...(place.group !== undefined && { group: place.group }),
  };
}

/** The same entry in the table, where an event's row has the menu that it has in the tree; nothing is inline there. */
function inTable(made: MenuEntry, { menu, view, group }: MenuPlace): MenuEntry | undefined {
  if (menu !== 'view/item/context' || view !== 'events' || group?.startsWith('inline') === true) return undefined;
  return {
    ...made,
    ...(made.when !== undefined && {
      when: made.when.replace(`view == ${prefix}.events`, `webviewId == '${prefix}.table'`),
    }),
  };
}

/** Whether the palette offers a command, or the clause of when. */
function paletteOf({ palette, menus = [] }: CommandDescription): boolean | string {
  return palette ?? (menus.length === 0 || menus.some(({ menu }) => menu !== 'view/item/context'));
}

/** Makes these parts anew. */
export function contributesOfCommands(): Contributes {
  const menus = new Map<string, MenuEntry[]>([['commandPalette', []]]);
  const add = (menu: string, made: MenuEntry): void => {
    menus.set(menu, [...(menus.get(menu) ?? []), made]);
  };
  for (const [name, description] of commands) {
    const { menus: places = [] } = description;
    const palette = paletteOf(description);
    const command = `${prefix}.${name}`;
    if (palette !== true) add('commandPalette', { command, when: palette === false ? 'false' : palette });
    for (const place of places) {
      const made = entry(command, place);
      add(place.menu, made);
      const too = inTable(made, place);
      if (too !== undefined) add('webview/context', too);
    }
  }
  return {
    commands: commands.map(([name, { icon, enabled }]) => ({
      command: `${prefix}.${name}`,
      title: `%command.${name}%`,
      category: '%category%',
      ...(icon !== undefined && { icon: `$(${icon})` }),
      ...(enabled !== undefined && { enablement: enabled }),
    })),
    menus: Object.fromEntries(menus),
    keybindings: [
      ...commands.flatMap(([name, { keys = [] }]) =>
        keys.map(({ key, mac, when, args }) => ({
          command: `${prefix}.${name}`,
          ...(args !== undefined && { args }),
          ...{ key, mac, when },
        })),
      ),
      ...Object.entries(keysOfOthers).flatMap(([command, keys]) => keys.map((key) => ({ command, ...key }))),
    ],
  };
}

/** The English texts of these parts, by their keys in package.nls.json. */
export function textsOfCommands(): Readonly<Record<string, string>> {
  return Object.fromEntries(commands.map(([name, { title }]) => [`command.${name}`, title]));
}
