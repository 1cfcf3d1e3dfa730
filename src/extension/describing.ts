/** How a module describes its commands; package.json is generated from this (scripts/contributions.ts). */

import { prefix } from './prefix.ts';

/** A place in a menu, as in VS Code's `contributes.menus`; `view`, `item`, and `alone` become part of its `when`. */
export interface MenuPlace {
  readonly menu: 'view/title' | 'view/item/context' | 'editor/title' | 'webview/context';
  /** Only in this view, by the name after the prefix. */
  readonly view?: ViewName;
  /** Only on rows whose contextValue has this flag. */
  readonly item?: string;
  /** Only if a single row is selected. */
  readonly alone?: true;
  readonly when?: string;
  readonly group?: string;
}

export interface KeyBinding {
  readonly key: string;
  readonly mac: string;
  readonly when: string;
  readonly args?: string;
}

/** If a view's rows have the focus: not the search box, nor sticky headings. */
export function rowsFocused(view: ViewName): string {
  return `listFocus && !inputFocus && !treestickyScrollFocused && focusedView == ${prefix}.${view}`;
}

export interface CommandDescription {
  /** In English, as the palette shows it after the category; ends with … if it asks for more. */
  readonly title: string;
  readonly icon?: string;
  /**
   * Whether the palette offers it: by default, unless only the menus of rows do. A text is the `when` clause for it, if
   * menus offer it at other times, too.
   */
  readonly palette?: boolean | string;
  /** The clause that enables it: otherwise VS Code omits it from the palette, and shows it disabled elsewhere. */
  readonly enabled?: string;
  readonly menus?: readonly MenuPlace[];
  readonly keys?: readonly KeyBinding[];
}

/** By their names after the prefix. */
export type CommandDescriptions = Readonly<Record<string, CommandDescription>>;

export type ViewName = 'events' | 'destinations' | 'instances' | 'webhooks';
