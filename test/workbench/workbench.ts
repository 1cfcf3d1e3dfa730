/**
 * VS Code as a person sees and uses it. The describes of a process share one server and one browser context, one after
 * another: each gets a new folder and a user who has never used VS Code, while the browser keeps VS Code's compiled
 * scripts. Pictures go to `.cache/pictures/`.
 */
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { errors, type Browser, type BrowserContext, type FrameLocator, type Locator, type Page } from 'playwright-core';
import { isLong } from '../long.ts';
import { launchBrowser, pageAddress, prepareContext, writeUserSettings } from '../vscode/browser.ts';
import { DidNotComeError, until } from '../relay/until.ts';
import { root } from '../vscode/install.ts';
import { installedExtension } from '../vscode/installed-extension.ts';
import { startServer, writeMachineSettings, type VsCodeServer } from '../vscode/server.ts';
import { endProcesses, removeStorage } from './server-storage.ts';

/** How long anything on the screen is waited for, in milliseconds: a loaded machine draws late. */
export const defaultTimeoutMs = 60_000;

/** How long one try takes, of what is tried again. */
const shortMs = 5000;

/** Where pictures are kept; git ignores it. */
export const picturesFolder = join(root, '.cache', 'pictures');

/** VS Code's own themes, by the kind of which each is. */
export const themes = {
  dark: 'Dark Modern',
  light: 'Light Modern',
  highContrast: 'Default High Contrast',
  highContrastLight: 'Default High Contrast Light',
} as const;

/** The themes in which a page is looked at: the long form takes all of them. */
export const checkedThemes: readonly (keyof typeof themes)[] = isLong
  ? ['light', 'highContrast', 'highContrastLight', 'dark']
  : ['highContrast'];

/** The user's settings that every window begins with: nothing on the screen but what the test opens. */
const quietSettings = {
  'breadcrumbs.enabled': false,
  'editor.minimap.enabled': false,
  'security.workspace.trust.startupPrompt': 'never',
  // What moves is drawn by the processor here.
  'workbench.reduceMotion': 'on',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

export interface WorkbenchOptions {
  /** Absolute path of the folder; left out: an empty one that is removed again; false: no folder. */
  readonly folder?: string | false;
  /** The user's settings. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Settings of the machine that the server runs on. */
  readonly machineSettings?: Readonly<Record<string, unknown>>;
  /** False: the folder begins in Restricted Mode. */
  readonly trusted?: boolean;
  readonly theme?: keyof typeof themes;
  /** The language, such as `de`: extensions get it; VS Code's own texts stay English, its packs cannot be had. */
  readonly locale?: string;
  /** True: a server of its own, for a test that looks at all of its files, or at what it installs. Some seconds. */
  readonly ownServer?: boolean;
  /** Folders of further extensions that an own server has installed. */
  readonly installed?: readonly string[];
  /** The window's size in pixels; 1280 × 800. */
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** A row of a tree, as drawn. */
export interface TreeRow {
  readonly label: string;
  readonly description: string;
  /** 1 at the top. */
  readonly level: number;
  /** Undefined where nothing can be expanded. */
  readonly expanded: boolean | undefined;
  /** What a screen reader says. */
  readonly spoken: string;
}

/** What the functions below that run in the page use of an element; the DOM's own types would reach all of src/. */
interface DrawnElement {
  readonly textContent: string;
  readonly style: { readonly top: string };
  getAttribute(name: string): string | null;
  querySelector(selector: string): DrawnElement | null;
}

/** In the page: whether a text of a tree's row ends before the row's label does, and before what stands at its end. */
function isWholeInSight(row: RowElement, text: string): boolean {
  const { document, NodeFilter } = globalThis as unknown as PageGlobals;
  const label = row.querySelector('.monaco-icon-label');
  const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const at = node.data.indexOf(text);
    if (at === -1 || label === null) continue;
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + text.length);
    const container = (label.querySelector('.monaco-icon-label-container') ?? label).getBoundingClientRect();
    return range.getBoundingClientRect().right <= container.right + 0.5;
  }
  return false;
}

/** What the above uses of the DOM. */
interface Box {
  readonly right: number;
}
interface RowElement {
  querySelector(selector: string): RowElement | null;
  getBoundingClientRect(): Box;
}
interface TextNode {
  readonly data: string;
}
interface PageGlobals {
  readonly NodeFilter: { readonly SHOW_TEXT: number };
  readonly document: {
    createTreeWalker(root: RowElement, what: number): { nextNode(): TextNode | null };
    createRange(): {
      setStart(node: TextNode, offset: number): void;
      setEnd(node: TextNode, offset: number): void;
      getBoundingClientRect(): Box;
    };
  };
}

/** In the page: whether the palette has gone, or holds something else than what was typed into it. */
function paletteHasGone(typed: string): string {
  return `(() => {
    const input = document.querySelector('.quick-input-widget input[type="text"]');
    return input === null || input.offsetParent === null || input.value !== ${JSON.stringify(typed)};
  })()`;
}

let browser: Promise<Browser> | undefined;
let sharedServer: Promise<VsCodeServer> | undefined;
/** The context that windows in a language use, one after another, and the user data of its windows. */
interface SharedContext {
  readonly context: BrowserContext;
  readonly userDataDir: string;
}
const sharedContexts = new Map<string, Promise<SharedContext>>();
const open = new Set<Workbench>();
const folders: string[] = [];

/** A new folder that is removed when the suite ends. Its real path, as VS Code will name it. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cm-wb-')));
  folders.push(folder);
  return folder;
}

/** The windows that are open now. */
export function openWorkbenches(): readonly Workbench[] {
  return [...open];
}

/** Ends windows, browser and server, and removes what they left. The suite's hooks call it. */
export async function closeEverything(): Promise<void> {
  await Promise.allSettled([...open].map((workbench) => workbench.close()));
  // What never started has failed the test that wanted it.
  await Promise.allSettled([browser, sharedServer].map(async (started) => (await started)?.close()));
  browser = sharedServer = undefined;
  sharedContexts.clear();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Whether an error says that something did not come in its time, Playwright's or `until`'s. */
function isTimeout(error: unknown): boolean {
  return error instanceof errors.TimeoutError || error instanceof DidNotComeError;
}

/**
 * Does something until it succeeds: what is drawn anew under a click, or closes, loses the click. Only timeouts are
 * tried again.
 * @param action with a timeout of its own, so that there is time for another; what it did before does not stand in the
 *   way of its being done again
 * @param before the next try
 */
export async function untilDone(action: () => Promise<unknown>, before?: () => Promise<unknown>): Promise<void> {
  let last: unknown;
  await until(async () => {
    try {
      await action();
      return true;
    } catch (error) {
      if (!isTimeout(error)) throw error;
      last = error;
      await before?.();
      return false;
    }
  }).catch((error: unknown) => {
    if (last === undefined) throw error;
    throw new Error(`did not succeed in many tries: ${last instanceof Error ? last.message : ''}`, { cause: last });
  });
}

/** What an action resolves to; undefined where it did not come in its time. */
export async function inTime<T>(action: Promise<T>): Promise<T | undefined> {
  try {
    return await action;
  } catch (error) {
    if (!isTimeout(error)) throw error;
    return undefined;
  }
}

/** Clicks until what that brings is there; once more only while it is not. */
export async function clickUntil(target: Locator, brings: Locator, eachMs = shortMs): Promise<void> {
  await untilDone(async () => {
    if (!(await brings.first().isVisible())) await target.click({ timeout: shortMs });
    await brings.first().waitFor({ timeout: eachMs });
  });
}

/** Clicks what goes by that, until it has gone. */
export async function clickAway(target: Locator): Promise<void> {
  await target.waitFor();
  await untilDone(async () => {
    if (await target.isVisible()) await target.click({ timeout: shortMs });
    await target.waitFor({ state: 'hidden', timeout: shortMs });
  });
}

/** Closes a page as a person closes a tab: its extension host is told, and ends. Unsaved changes are discarded. */
async function leave(page: Page): Promise<void> {
  page.on('dialog', (dialog) => void dialog.accept().catch(() => undefined));
  // A page that does not respond is closed all the same.
  await page.goto('about:blank', { timeout: shortMs }).catch(() => undefined);
  await page.close();
}

/** A string as a CSS attribute's value. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** One window of VS Code. Its methods wait for what they act on, as long as Playwright's timeout allows. */
export class Workbench {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly server: VsCodeServer;
  /** The workspace folder's path; undefined in an empty window. */
  readonly folder: string | undefined;
  readonly userDataDir: string;
  readonly #ownServer: boolean;
  readonly #sharesContext: boolean;
  /** Another window of a workbench, which has the browser's context. */
  readonly #isAnother: boolean;

  constructor(
    page: Page,
    server: VsCodeServer,
    opened: {
      folder: string | undefined;
      userDataDir: string;
      ownServer: boolean;
      sharesContext?: boolean;
      isAnother?: true;
    },
  ) {
    this.page = page;
    this.context = page.context();
    this.server = server;
    this.folder = opened.folder;
    this.userDataDir = opened.userDataDir;
    this.#ownServer = opened.ownServer;
    this.#sharesContext = opened.sharesContext === true;
    this.#isAnother = opened.isAnother === true;
  }

  /** Opens another window of the same user at the same folder, as a further tab of the browser does. */
  async another(): Promise<Workbench> {
    const page = await this.context.newPage();
    const { server, folder, userDataDir } = this;
    const other = new Workbench(page, server, { folder, userDataDir, ownServer: false, isAnother: true });
    open.add(other);
    await page.goto(this.page.url());
    await other.restored();
    return other;
  }

  /** Resolves when the workbench has drawn itself and restored its editors and views. */
  async restored(): Promise<void> {
    await this.page.waitForFunction('globalThis.driver !== undefined');
    await this.page.evaluate('globalThis.driver.whenWorkbenchRestored()');
  }

  /** Loads the window again by the command: VS Code then writes first what it keeps, as it does not for a browser's. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent('load');
    await this.runCommand('Developer: Reload Window');
    await loaded;
    await this.restored();
  }

  async close(): Promise<void> {
    if (!open.delete(this)) return;
    if (this.#isAnother) return leave(this.page);
    for (const each of open) if (each.context === this.context) open.delete(each);
    if (this.#sharesContext) await Promise.all(this.context.pages().map(leave));
    else await this.context.close();
    if (this.#ownServer) await this.server.close();
  }

  /** The box in which one types, of the palette, a quick pick or an input box. */
  get quickInput(): Locator {
    return this.page.locator('.quick-input-widget input:is([type="text"], [type="password"])');
  }

  /** The whole quick pick or input box: title, message, buttons, items. */
  get quickInputWidget(): Locator {
    return this.page.locator('.quick-input-widget');
  }

  /** The quick pick or input box while it asks this, in any of its parts. */
  question(words: string): Locator {
    const { page, quickInputWidget } = this;
    return quickInputWidget
      .filter({ hasText: words })
      .or(quickInputWidget.filter({ has: page.locator(`input[placeholder*=${quoted(words)}]`) }));
  }

  /** The labels on offer, in order, with what a screen reader adds. */
  async quickPickItems(): Promise<string[]> {
    const rows = this.page.locator('.quick-input-list .monaco-list-row');
    await rows.first().waitFor();
    return rows.evaluateAll((each: DrawnElement[]) => each.map((row) => row.getAttribute('aria-label') ?? ''));
  }

  /** Chooses the item of a quick pick whose label this is. */
  async pick(label: string): Promise<void> {
    await clickAway(this.#quickPickRow(label));
  }

  #quickPickRow(label: string): Locator {
    const row = `.quick-input-list .monaco-list-row`;
    return this.page.locator(`${row}[aria-label=${quoted(label)}], ${row}[aria-label^=${quoted(`${label},`)}]`).first();
  }

  /**
   * Types the answer to a question, in place of what stands there, and presses Enter. Waits until it is asked: the one
   * before it is there for a moment after its answer.
   * @param question a part of its words, which the one before it has not
   */
  async enter(question: string, text: string): Promise<void> {
    await this.question(question).waitFor();
    await this.quickInput.fill(text);
    await this.quickInput.press('Enter');
  }

  /**
   * Runs a command from the palette, as a person does. The palette offers what was known when it opened, so it is
   * opened again until it has the command.
   * @param title with its category, such as `Campaign Monitor Relay: Start`
   */
  async runCommand(title: string): Promise<void> {
    await untilDone(
      async () => {
        await this.page.keyboard.press('F1');
        await this.quickInput.fill(`>${title}`, { timeout: shortMs });
        await this.#quickPickRow(title).click({ timeout: shortMs });
        // While the palette is there the command has not run. One that has may not be on offer a second time.
        await this.page.waitForFunction(paletteHasGone(`>${title}`), undefined, { timeout: 15_000 });
      },
      () => this.page.keyboard.press('Escape'),
    );
  }

  /** Runs a command from the palette by keys alone: what is typed has to make it the row that Enter takes. */
  async runCommandByKeys(title: string): Promise<void> {
    const row = this.quickInputWidget.locator('.monaco-list-row.focused').filter({ hasText: title });
    await untilDone(
      async () => {
        await this.page.keyboard.press('F1');
        await this.quickInput.fill(`>${title}`, { timeout: shortMs });
        await row.waitFor({ timeout: shortMs });
        await this.page.keyboard.press('Enter');
        await this.page.waitForFunction(paletteHasGone(`>${title}`), undefined, { timeout: 15_000 });
      },
      () => this.page.keyboard.press('Escape'),
    );
  }

  /** Runs a command that asks something, again where the question does not come or has gone. */
  async runCommandThatAsks(title: string, question: string): Promise<void> {
    await untilDone(
      async () => {
        await this.runCommand(title);
        await this.quickInputWidget.filter({ hasText: question }).waitFor({ timeout: 15_000 });
      },
      () => this.page.keyboard.press('Escape'),
    );
  }

  /** Does something that copies, again where nothing comes of it. Resolves to the text that is awaited. */
  async copied(copy: () => Promise<unknown>, isAwaited = (text: string) => text !== ''): Promise<string> {
    let text = '';
    await untilDone(async () => {
      // The clipboard is shared by every window of the run.
      await this.page.evaluate(`navigator.clipboard.writeText('')`);
      await copy();
      await until(async () => {
        text = await this.page.evaluate<string>('navigator.clipboard.readText()');
        return isAwaited(text);
      }, 15_000);
    });
    return text;
  }

  /** Shows a view container by its icon in the activity bar; stays where it is already shown. */
  async openViewContainer(title: string): Promise<void> {
    const item = this.page.locator(`.activitybar .action-item:has(> [aria-label^=${quoted(title)}])`);
    await item.waitFor();
    await clickUntil(item, item.and(this.page.locator('.checked')));
    await this.page.locator('.sidebar .pane').first().waitFor();
  }

  /**
   * A view of the side bar or the panel.
   * @param view its id in package.json, such as `campaignMonitorRelay.events`, or its title
   */
  view(view: string): Locator {
    return this.page.locator(
      `.pane:has(> .pane-header > .icon.view-${view.replaceAll('.', '-').replaceAll(' ', '-')}),` +
        `.pane:has(> .pane-header[aria-label=${quoted(`${view} Section`)}])`,
    );
  }

  /** The buttons that stand in a view's title under the pointer, in order, without the one for more of them. */
  async titleButtons(view: string): Promise<string[]> {
    const header = this.view(view).locator('.pane-header');
    await header.hover();
    const labels = await header
      .locator('.actions .action-label')
      .evaluateAll((each: DrawnElement[]) => each.map((button) => button.getAttribute('aria-label') ?? ''));
    return labels.filter((label) => !label.startsWith('Views and More Actions') && !label.startsWith('More Actions'));
  }

  /** Whether a text of a row can be read: nothing of it is cut at the row's end. */
  isInSight(row: Locator, text: string): Promise<boolean> {
    return row.evaluate(isWholeInSight as (row: unknown, text: string) => boolean, text);
  }

  /** A button of a view's welcome content. The view's title may have one of the same name, seen under the pointer. */
  welcomeButton(view: string, name: string): Locator {
    return this.view(view).locator('.pane-body').getByRole('button', { name });
  }

  /** The rows of a view's tree that are drawn now, in order. A tree draws only those in sight. */
  async treeRows(view: string): Promise<TreeRow[]> {
    const drawn = await this.view(view)
      .locator('.monaco-list-row')
      .evaluateAll((rows: DrawnElement[]) =>
        rows.map((row) => ({
          index: Number(row.getAttribute('data-index')),
          label: row.querySelector('.label-name')?.textContent ?? '',
          description: row.querySelector('.label-description')?.textContent ?? '',
          level: Number(row.getAttribute('aria-level')),
          expanded: row.getAttribute('aria-expanded'),
          spoken: row.getAttribute('aria-label') ?? '',
        })),
      );
    return drawn
      .sort((a, b) => a.index - b.index)
      .map(({ label, description, level, expanded, spoken }) => {
        return { label, description, level, spoken, expanded: expanded === null ? undefined : expanded === 'true' };
      });
  }

  /** The first row of a view's tree that contains the text. */
  treeRow(view: string, text: string): Locator {
    return this.view(view).locator('.monaco-list-row').filter({ hasText: text }).first();
  }

  /** Unfolds a view, or folds it; stays where it is so already. */
  async unfoldView(view: string, open = true): Promise<void> {
    const header = this.view(view).locator('.pane-header');
    await header.waitFor();
    // Its middle may be a button of the view's title, under the pointer.
    await clickUntil(header.locator('.title'), header.and(this.page.locator(`[aria-expanded="${open}"]`)));
  }

  /** Unfolds a row of a tree, or folds it; stays where it is so already. */
  async unfoldRow(view: string, text: string, open = true): Promise<void> {
    const row = this.treeRow(view, text);
    await row.waitFor();
    await clickUntil(row.locator('.monaco-tl-twistie'), row.and(this.page.locator(`[aria-expanded="${open}"]`)));
  }

  /**
   * Chooses from the context menu of a row. A menu goes when something is drawn below it: then it is opened again.
   * @param row found anew each time, as rows are drawn anew
   * @param path the entry, after the menus within menus that lead to it
   */
  chooseFromContextMenu(row: Locator, ...path: readonly string[]): Promise<void> {
    return this.#chooseFromMenu(() => row.click({ button: 'right', timeout: shortMs }), path);
  }

  async #chooseFromMenu(open: () => Promise<void>, path: readonly string[]): Promise<void> {
    const menu = this.page.locator('.monaco-menu');
    await untilDone(
      async () => {
        await open();
        for (const [index, entry] of path.entries()) {
          await menu.locator('.action-label').getByText(entry, { exact: true }).hover({ timeout: shortMs });
          // A menu takes no click in its first tenth of a second. Pressed on the entry: elsewhere it would open the row.
          const key = index === path.length - 1 ? 'Enter' : 'ArrowRight';
          await menu.locator(':focus').filter({ hasText: entry }).last().press(key, { timeout: shortMs });
        }
      },
      () => this.page.keyboard.press('Escape'),
    );
    await menu.first().waitFor({ state: 'hidden' });
  }

  /** Opens one of an event's documents from its row's menu. @param document as the choice offers it */
  async openAsText(row: Locator, document: string): Promise<void> {
    await this.chooseUntil(row, 'Open as Text…', this.#quickPickRow(document));
    await this.pick(document);
  }

  /** Chooses from the context menu of a row until what that brings is there. */
  async chooseUntil(row: Locator, entry: string | readonly string[], brings: Locator): Promise<void> {
    await untilDone(async () => {
      if (!(await brings.first().isVisible())) await this.chooseFromContextMenu(row, ...[entry].flat());
      await brings.first().waitFor({ timeout: 15_000 });
    });
  }

  /**
   * The tooltip of a row, once it says the text. A row that is drawn anew under the pointer has lost its tooltip: then
   * the pointer comes again.
   */
  async tooltipOf(row: Locator, says: string): Promise<Locator> {
    const tooltip = this.page.locator('.monaco-hover:not(.hidden) .hover-contents, .workbench-hover').last();
    await untilDone(async () => {
      await this.page.mouse.move(900, 500);
      await row.hover({ timeout: shortMs });
      await tooltip.filter({ hasText: says }).waitFor({ timeout: shortMs });
    });
    return tooltip;
  }

  /** An item of the status bar by the id that the extension gave it. */
  statusBarItem(id: string): Locator {
    return this.page.locator(`.statusbar-item[id$=${quoted(`.${id}`)}]`);
  }

  /** The text of an item of the status bar, icons left out. */
  async statusBarText(id: string): Promise<string> {
    return (await this.statusBarItem(id).innerText()).trim();
  }

  /** A notification in sight that contains the text. */
  notification(text: string): Locator {
    return this.page
      .locator('.notifications-toasts.visible, .notifications-center.visible')
      .locator('.notification-list-item')
      .filter({ hasText: text })
      .first();
  }

  /** Waits for a notification. One that has gone from sight, as they do after some seconds, is fetched again. */
  async showNotification(text: string): Promise<void> {
    await untilDone(
      () => this.notification(text).waitFor({ timeout: shortMs }),
      () => this.runCommand('Notifications: Show Notifications'),
    );
  }

  /** Waits for a notification and presses one of its buttons. One that has gone from sight is fetched again. */
  async answerNotification(text: string, button: string): Promise<void> {
    const pressed = this.notification(text).getByRole('button', { name: button, exact: true });
    await untilDone(
      async () => {
        // This very one, as another may say the same.
        const element = await pressed.elementHandle({ timeout: shortMs });
        await pressed.click({ timeout: shortMs });
        await element.waitForElementState('hidden', { timeout: 15_000 });
      },
      () => this.runCommand('Notifications: Show Notifications'),
    );
  }

  /** The modal dialog. */
  get dialog(): Locator {
    return this.page.locator('.monaco-dialog-box');
  }

  /** Waits for the modal dialog and presses one of its buttons. */
  async answerDialog(button: string): Promise<void> {
    await clickAway(this.dialog.getByRole('button', { name: button, exact: true }));
  }

  /** The titles of the open tabs. */
  async tabs(): Promise<string[]> {
    return this.page.locator('.tabs-container .tab .label-name').allInnerTexts();
  }

  /** The lines of the editor that has the focus, as far as they are drawn, from the top. */
  async editorText(): Promise<string> {
    const lines = this.page.locator('.editor-group-container.active .view-lines .view-line');
    await lines.first().waitFor();
    const drawn = await lines.evaluateAll((each: DrawnElement[]) =>
      each.map((line) => ({
        top: Number.parseFloat(line.style.top),
        text: line.textContent,
      })),
    );
    return drawn
      .sort((a, b) => a.top - b.top)
      .map(({ text }) => text.replaceAll('\u00a0', ' '))
      .join('\n');
  }

  /** The document of the webview in sight, within VS Code's two frames. */
  webviewFrame(): FrameLocator {
    return this.page.locator('iframe.webview.ready').last().contentFrame().frameLocator('#active-frame');
  }

  /** The side bar with its views. */
  get sideBar(): Locator {
    return this.page.locator('.part.sidebar');
  }

  /** Drags the side bar's edge, so that it gets so wide, in pixels. */
  async widenSideBar(width: number): Promise<void> {
    const box = await this.sideBar.boundingBox();
    if (box === null) throw new Error('there is no side bar');
    const { mouse } = this.page;
    await mouse.move(box.x + box.width, 500);
    await mouse.down();
    await mouse.move(box.x + width, 500, { steps: 5 });
    await mouse.up();
  }

  /** Keeps a picture of a screen in the long form; `takePicture` does so always. */
  async picture(name: string, part?: Locator, height?: number): Promise<void> {
    if (isLong) await this.takePicture(name, part, height);
  }

  /**
   * Keeps a picture as `.cache/pictures/<name>.png`.
   * @param part only this part of the window
   * @param height of that part only so much from its top, in pixels
   * @returns the file's path
   */
  async takePicture(name: string, part?: Locator, height?: number): Promise<string> {
    const path = join(picturesFolder, `${name}.png`);
    mkdirSync(dirname(path), { recursive: true });
    await this.page.evaluate('document.fonts.ready.then(() => undefined)');
    const box = height === undefined ? null : await part?.boundingBox();
    if (box !== null && box !== undefined && height !== undefined)
      await this.page.screenshot({ path, animations: 'disabled', caret: 'hide', clip: { ...box, height } });
    else await (part ?? this.page).screenshot({ path, animations: 'disabled', caret: 'hide' });
    return path;
  }
}

/** Starts a server. It takes the folders that it finds in its data at its first start for installed extensions. */
async function newServer(installed: readonly string[] = []): Promise<VsCodeServer> {
  const dataDir = temporaryFolder();
  for (const folder of [await installedExtension(), ...installed])
    cpSync(folder, join(dataDir, 'extensions', basename(folder)), { recursive: true });
  return startServer({ dataDir });
}

async function newContext(options: WorkbenchOptions, userDataDir: string): Promise<BrowserContext> {
  browser ??= launchBrowser();
  const context = await (
    await browser
  ).newContext({
    locale: options.locale ?? 'en',
    permissions: ['clipboard-read', 'clipboard-write'],
    reducedMotion: 'reduce',
  });
  await prepareContext(context, { userDataDir, workspaceTrust: options.trusted === false });
  context.setDefaultTimeout(defaultTimeoutMs);
  context.setDefaultNavigationTimeout(defaultTimeoutMs);
  return context;
}

/** Makes a server's storage and machine settings as on a new machine. No window may be open. */
async function clearServer(server: VsCodeServer): Promise<void> {
  await endProcesses(server.dataDir);
  removeStorage(server.dataDir);
  writeMachineSettings(server.dataDir);
}

/**
 * The context of the windows in a language, with nothing left of the window before: what the browser keeps for the
 * server's origin is as on a new machine.
 */
async function sharedContext(server: VsCodeServer, options: WorkbenchOptions): Promise<SharedContext> {
  const locale = options.locale ?? 'en';
  const started =
    sharedContexts.get(locale) ??
    (async () => {
      const userDataDir = temporaryFolder();
      return { context: await newContext(options, userDataDir), userDataDir };
    })();
  sharedContexts.set(locale, started);
  const shared = await started;
  rmSync(shared.userDataDir, { recursive: true, force: true, maxRetries: 3 });
  const page = await shared.context.newPage();
  const session = await shared.context.newCDPSession(page);
  await session.send('Storage.clearDataForOrigin', {
    origin: server.origin,
    storageTypes: 'cookies,indexeddb,local_storage',
  });
  await page.close();
  return shared;
}

/**
 * Opens a window of VS Code with the extension and resolves when it is ready for use. Close it when the test is done;
 * the suite's hooks close what was forgotten. A second window beside an open one is another user's.
 */
export async function openWorkbench(options: WorkbenchOptions = {}): Promise<Workbench> {
  const ownServer = options.ownServer === true;
  const server = await (ownServer ? newServer(options.installed) : (sharedServer ??= newServer()));
  const isFree = ![...open].some((workbench) => workbench.server === server);
  const sharesServer = !ownServer && isFree;
  const sharesContext = sharesServer && options.trusted !== false;
  const folder = options.folder === false ? undefined : (options.folder ?? temporaryFolder());
  if (sharesServer) await clearServer(server);
  if (options.machineSettings !== undefined) writeMachineSettings(server.dataDir, options.machineSettings);
  let context: BrowserContext;
  let userDataDir: string;
  if (sharesContext) ({ context, userDataDir } = await sharedContext(server, options));
  else {
    userDataDir = temporaryFolder();
    context = await newContext(options, userDataDir);
  }
  writeUserSettings(userDataDir, {
    ...quietSettings,
    'workbench.colorTheme': themes[options.theme ?? 'dark'],
    ...options.settings,
  });
  const page = await context.newPage();
  await page.setViewportSize(options.viewport ?? { width: 1280, height: 800 });
  const workbench = new Workbench(page, server, { folder, userDataDir, ownServer, sharesContext });
  open.add(workbench);
  await page.goto(pageAddress(server, { folder }));
  await workbench.restored();
  return workbench;
}

/**
 * Opens a window of a VS Code that somebody else has started, in a browser that has nothing of the tests but their
 * pictures: what a person sees who follows the address.
 * @param server of which the test itself knows where its data is
 */
export async function openAddress(address: string, server: VsCodeServer): Promise<Workbench> {
  browser ??= launchBrowser();
  const context = await (await browser).newContext({ viewport: { width: 1280, height: 800 } });
  context.setDefaultTimeout(defaultTimeoutMs);
  context.setDefaultNavigationTimeout(defaultTimeoutMs);
  const page = await context.newPage();
  const userDataDir = join(server.dataDir, 'data');
  const workbench = new Workbench(page, server, { folder: undefined, userDataDir, ownServer: false });
  open.add(workbench);
  await page.goto(address);
  await workbench.restored();
  return workbench;
}
