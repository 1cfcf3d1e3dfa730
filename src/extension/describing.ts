import { prefix } from './prefix.ts';

/** As in VS Code's `contributes.menus`; `view`, `item` and `alone` become part of its `when`. */
export interface MenuPlace {
  readonly menu: 'view/title' | 'view/item/context' | 'editor/title' | 'webview/context';
  readonly view?: ViewName;
  /** A flag of the row's contextValue. */
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

/** True if a view's rows have the focus, not its search box or sticky headings. */
export function rowsFocused(view: ViewName): string {
  return `listFocus && !inputFocus && !treestickyScrollFocused && focusedView == ${prefix}.${view}`;
}

export interface CommandDescription {
  /** In English, without the category; ends with … if the command asks for more. */
  readonly title: string;
  readonly icon?: string;
  /** Default: true, unless only rows' menus offer the command. A string is the palette's own `when` clause. */
  readonly palette?: boolean | string;
  readonly enabled?: string;
  readonly menus?: readonly MenuPlace[];
  readonly keys?: readonly KeyBinding[];
}

export type CommandDescriptions = Readonly<Record<string, CommandDescription>>;

export type ViewName = 'events' | 'destinations' | 'instances' | 'webhooks';
