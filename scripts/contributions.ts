/** What package.json says of the commands, made from their descriptions in the rooms of the extension. */
import { prefix } from '../src/extension/prefix.ts';
import { contributions, submenus } from '../src/extension/contributions.ts';
import type { CommandDescription, MenuPlace } from '../src/extension/describing.ts';

interface MenuEntry {
  readonly command?: string;
  readonly submenu?: string;
  readonly when?: string;
  readonly group?: string;
}

/** The parts of `contributes` that are made here. */
export interface Contributes {
  readonly commands: readonly object[];
  readonly submenus: readonly object[];
  readonly menus: Readonly<Record<string, readonly MenuEntry[]>>;
  readonly keybindings: readonly object[];
}

const commands: readonly (readonly [string, CommandDescription])[] = Object.values(contributions).flatMap((part) =>
  Object.entries<CommandDescription>(part).filter(([, { internal }]) => internal !== true),
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

function entry(what: Pick<MenuEntry, 'command' | 'submenu'>, place: MenuPlace): MenuEntry {
  const when = whenOf(place);
  return {
    ...what,
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

/** The whole id of a menu: those that have a slash are VS Code's. */
function menuId(menu: MenuPlace['menu']): string {
  return menu.includes('/') ? menu : `${prefix}.${menu}`;
}

/** Makes these parts anew. */
export function contributesOfCommands(): Contributes {
  const menus = new Map<string, MenuEntry[]>([['commandPalette', []]]);
  const add = (menu: string, made: MenuEntry): void => {
    menus.set(menu, [...(menus.get(menu) ?? []), made]);
  };
  const addTo = (made: MenuEntry, place: MenuPlace): void => {
    add(menuId(place.menu), made);
    const too = inTable(made, place);
    if (too !== undefined) add('webview/context', too);
  };
  for (const [name, { palette, menus: places = [] }] of commands) {
    const command = `${prefix}.${name}`;
    if (palette !== true) add('commandPalette', { command, when: palette === false ? 'false' : palette });
    for (const place of places) addTo(entry({ command }, place), place);
  }
  for (const [name, { places }] of Object.entries(submenus))
    for (const place of places) addTo(entry({ submenu: `${prefix}.${name}` }, place), place);
  return {
    commands: commands.map(([name, { icon }]) => ({
      command: `${prefix}.${name}`,
      title: `%command.${name}%`,
      category: '%category%',
      ...(icon !== undefined && { icon: `$(${icon})` }),
    })),
    submenus: Object.entries(submenus).map(([name, { icon }]) => ({
      id: `${prefix}.${name}`,
      label: `%submenu.${name}%`,
      ...(icon !== undefined && { icon: `$(${icon})` }),
    })),
    menus: Object.fromEntries(menus),
    keybindings: commands.flatMap(([name, { keys = [] }]) =>
      keys.map(({ key, mac, when, args }) => ({
        command: `${prefix}.${name}`,
        ...(args !== undefined && { args }),
        ...{ key, mac, when },
      })),
    ),
  };
}

/** The English texts of these parts, by their keys in package.nls.json. */
export function textsOfCommands(): Readonly<Record<string, string>> {
  return Object.fromEntries([
    ...commands.map(([name, { title }]) => [`command.${name}`, title]),
    ...Object.entries(submenus).map(([name, { title }]) => [`submenu.${name}`, title]),
  ]) as Record<string, string>;
}
