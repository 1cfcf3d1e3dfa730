/** How a room describes its commands: what package.json says of them is made from this (scripts/contributions.ts). */

import { prefix } from './prefix.ts';

/** A place in a menu, as VS Code's `contributes.menus` has it; `view`, `item` and `alone` become part of its `when`. */
export interface MenuPlace {
  /** One of VS Code's menus. */
  readonly menu: 'view/title' | 'view/item/context' | 'editor/title' | 'webview/context';
  /** In this view alone, by the name after the prefix. */
  readonly view?: ViewName;
  /** On rows alone whose contextValue has this flag. */
  readonly item?: string;
  /** Not where several rows are selected. */
  readonly alone?: true;
  readonly when?: string;
  readonly group?: string;
}

export interface KeyBinding {
  readonly key: string;
  readonly mac: string;
  readonly when: string;
  /** What the command is given. */
  readonly args?: string;
}

/**
 * Where the rows of a view have the focus: not the box in which one searches in them, nor the headings that stay on top.
 */
export function rowsFocused(view: ViewName): string {
  return `listFocus && !inputFocus && !treestickyScrollFocused && focusedView == ${prefix}.${view}`;
}

export interface CommandDescription {
  /** In English, as the palette shows it after the category; ends with … where more is asked. */
  readonly title: string;
  /** The name of a codicon. */
  readonly icon?: string;
  /** Run by rows and other commands alone: package.json does not name it. */
  readonly internal?: true;
  /** Whether the palette offers it: a text is the clause that says when, where menus offer it at other times, too. */
  readonly palette: boolean | string;
  /** The clause that says when it can be run at all: VS Code leaves it out of the palette then, and it is grey elsewhere. */
  readonly enabled?: string;
  readonly menus?: readonly MenuPlace[];
  readonly keys?: readonly KeyBinding[];
}

/** The commands of a part, by their names after the prefix. */
export type CommandDescriptions = Readonly<Record<string, CommandDescription>>;

export type ViewName = 'events' | 'destinations' | 'instances' | 'webhooks';
