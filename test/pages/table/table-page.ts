/** The table's page in Chromium, set up, with an extension that says what a test has it say. */
import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import type { HostMessage, PageMessage, TableRow, TableTexts } from '../../../src/extension/event-table/messages.ts';
import { openPageStage, type PageStage } from '../page-stage.ts';

export type View = Extract<HostMessage, { readonly type: 'view' }>;
export type Said<Type extends PageMessage['type']> = Extract<PageMessage, { readonly type: Type }>;

export interface TablePage {
  readonly stage: PageStage;
  readonly tell: (message: HostMessage) => Promise<void>;
  /** What the page has said, of one kind. */
  readonly said: <Type extends PageMessage['type']>(type: Type) => Promise<Said<Type>[]>;
}

/** The texts in English, as the room has them. */
function texts(): TableTexts {
  const written = readFileSync('src/extension/event-table/texts.ts', 'utf8').matchAll(/^ {2}(\w+): say\('(.*)'\)/gm);
  return Object.fromEntries([...written].map(([, name, text]) => [name, text])) as TableTexts;
}

/** The row of an event, by its number. */
export function rowOf(number: number): TableRow {
  const cells = { list: '', state: 'Sent', status: '200', duration: '3,004', attempts: '1', destination: '' };
  return {
    ...{ id: `e${number}`, receivedAt: 1_000_000 + number, state: 'sent', details: '', flags: ';row;;notification;' },
    cells: { ...cells, type: 'Subscribe', address: `person${number}@example.com`, id: `e${number}` },
    ...{ spans: [], nextAt: null, waterfallWords: '' },
  };
}

/** A view, newest first; nothing is filtered, and the page has chosen nothing. */
export function viewOf(changes: Partial<View> & Pick<View, 'total' | 'windows'>): View {
  return {
    ...{ type: 'view', generation: 1, filter: '', sort: { by: 'time', descending: true }, before: 'e100000' },
    ...{ anchor: null, at: null, unseen: 0, turn: 0, chosen: { ids: [], count: 0, active: null }, ...changes },
  };
}

/**
 * Opens the page; the relay runs, and nothing is filtered.
 * @param browser one that other pages have, too
 * @param kept what VS Code has kept for the page
 */
export async function openTablePage(browser?: Browser, kept?: unknown): Promise<TablePage> {
  const stage = await openPageStage(`import './src/pages/table/page.ts';`, kept, browser);
  await stage.page.addStyleTag({ content: ':root { --vscode-font-size: 13px; --vscode-font-family: sans-serif; }' });
  for (const name of ['base', 'table']) await stage.page.addStyleTag({ path: `media/${name}.css` });
  const tell = (message: HostMessage): Promise<void> => stage.tell(message);
  await tell({ type: 'setup', texts: texts(), language: 'en' });
  await tell({ type: 'state', state: { kind: 'running' } });
  await tell({ type: 'filter', filter: '', offered: [] });
  return {
    ...{ stage, tell },
    said: async <Type extends PageMessage['type']>(type: Type) =>
      ((await stage.said()) as PageMessage[]).filter((each): each is Said<Type> => each.type === type),
  };
}
