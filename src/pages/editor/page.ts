/** The event editor's page, in a webview: draws what the extension says, and keeps what its reader has opened. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import { render } from 'lit';
import type {
  Column,
  ColumnName,
  EditorAction,
  HostMessage,
  PageMessage,
  TextKind,
} from '../../extension/events/editor/messages.ts';
import { Countdown } from './countdown.ts';
import { highlight } from './highlight.ts';
import { chooseByKey, closeMenu, menuKey, openMenu } from './keyboard.ts';
import { columnNames, eventTemplate, obstacleTemplate } from './template.ts';
import type { Drawn } from './template.ts';

interface VsCodeApi {
  postMessage(message: PageMessage): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

/** What is kept while the page is hidden, and over a reload: nothing of the event itself. */
interface Kept {
  readonly chosen?: string;
  readonly tab?: ColumnName;
  /** What is unfolded or folded, by its id. */
  readonly unfolded?: Readonly<Record<string, boolean>>;
  /** Offsets of what scrolls, by its id, in pixels. */
  readonly scrolled?: Readonly<Record<string, number>>;
}

const vscode = acquireVsCodeApi();
const root = document.querySelector('main');
const narrow = matchMedia('(width < 900px)');
let kept: Kept = readKept(vscode.getState());
let shown: Extract<HostMessage, { type: 'event' }> | undefined;
const columns: Partial<Record<ColumnName, Column>> = {};
/** Where it was scrolled to is gone back to once, when all of it is drawn. */
let restored = false;
/** The columns in which this event was shown among the others. */
const revealed = new Set<ColumnName>();
const countdown = new Countdown();

function readKept(state: unknown): Kept {
  return typeof state === 'object' && state !== null ? state : {};
}

function keep(change: Partial<Kept>): void {
  kept = { ...kept, ...change };
  vscode.setState(kept);
}

/** The extension's messages come through VS Code's frame, checked on their way; anything else is not for this page. */
function isHostMessage(message: unknown): message is HostMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    'type' in message &&
    (message.type === 'event' || message.type === 'obstacle')
  );
}

const handlers = {
  choose(step: string): void {
    keep({ chosen: step, tab: step === 'received' ? 'cameIn' : step.startsWith('made ') ? 'sent' : 'answered' });
    vscode.postMessage({ type: 'choose', step });
    // Shown as chosen at once; its answer comes.
    if (shown !== undefined) shown = { ...shown, view: { ...shown.view, chosen: step } };
    draw();
  },
  selectTab(tab: ColumnName): void {
    keep({ tab });
    draw();
    reveal();
  },
  act(action: EditorAction): void {
    closeMenu();
    if (action === 'replay' || action === 'replayTo') keep({ chosen: undefined, tab: 'answered' });
    vscode.postMessage({ type: 'act', action });
  },
  openText(kind: TextKind): void {
    closeMenu();
    vscode.postMessage({ type: 'openText', kind });
  },
  unfolded(id: string, open: boolean): void {
    if (kept.unfolded?.[id] !== open) keep({ unfolded: { ...kept.unfolded, [id]: open } });
  },
  toggleMenu: openMenu,
  menuKey,
  chooseByKey,
};

function draw(): void {
  if (root === null || shown === undefined) return;
  const tab = kept.tab ?? shown.view.first;
  const drawn: Drawn = { ...shown, columns, tab, narrow: narrow.matches, unfolded: kept.unfolded ?? {} };
  render(eventTemplate(drawn, handlers), root);
  for (const name of columnNames) highlight(name, columns[name]?.body ?? null, document.getElementById(`body-${name}`));
  countdown.follow(shown.texts);
}

/** Shows this event among those of its delivery, once in each column that can be seen and was not scrolled before. */
function reveal(): void {
  for (const name of columnNames) {
    const pre = document.getElementById(`body-${name}`);
    if (pre === null || revealed.has(name) || pre.offsetParent === null) continue;
    revealed.add(name);
    if (kept.scrolled?.[pre.id] !== undefined) continue;
    // Where it stands twice, the last is what became of it.
    const mark = [...pre.querySelectorAll<HTMLElement>('.this-event')].at(-1);
    if (mark !== undefined) pre.scrollTo({ top: mark.offsetTop - 24 });
  }
}

/** Goes back to where the reader was. */
function restore(): void {
  if (restored) return;
  restored = true;
  for (const [id, top] of Object.entries(kept.scrolled ?? {}))
    (id === '' ? document.scrollingElement : document.getElementById(id))?.scrollTo({ top });
}

window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  if (!isHostMessage(data)) return;
  if (data.type === 'obstacle') {
    shown = undefined;
    if (root !== null) render(obstacleTemplate(data.texts, data.obstacle, handlers), root);
    return;
  }
  shown = data;
  Object.assign(columns, data.columns);
  countdown.set(data.view.groups.flatMap(({ steps }) => steps));
  draw();
  reveal();
  restore();
});
narrow.addEventListener('change', draw);
document.addEventListener(
  'scrollend',
  ({ target }) => {
    const [id, top] =
      target instanceof HTMLElement ? [target.id, target.scrollTop] : ['', document.scrollingElement?.scrollTop ?? 0];
    if (restored && shown !== undefined) keep({ scrolled: { ...kept.scrolled, [id]: top } });
  },
  { capture: true, passive: true },
);
document.addEventListener('pointerdown', ({ target }) => {
  if (!(target instanceof Element) || target.closest('.menu') === null) closeMenu();
});
window.addEventListener('blur', () => closeMenu());

vscode.postMessage({ type: 'ready', chosen: kept.chosen });
