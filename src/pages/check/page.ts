/** The page of Check My Callback, in a webview: draws what the extension says, and keeps what its reader has opened. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import { render } from 'lit';
import type {
  CheckTexts,
  CheckView,
  HostMessage,
  PageMessage,
  ReportFormat,
  SuiteView,
} from '../../extension/check/messages.ts';
import { closeMenu, menuKey, openMenu, stepOf } from '../editor/keyboard.ts';
import { suiteTemplate } from './template.ts';

interface VsCodeApi {
  postMessage(message: PageMessage): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

/** What is kept while the page is hidden: nothing of what was sent or answered. */
interface Kept {
  readonly failedOnly?: boolean;
  /** What is unfolded or folded, by its id. */
  readonly unfolded?: Readonly<Record<string, boolean>>;
  /** How far it was scrolled, in pixels. */
  readonly scrolled?: number;
}

const vscode = acquireVsCodeApi();
const root = document.querySelector('main');
let kept: Kept = readKept(vscode.getState());
let texts: CheckTexts | undefined;
let suite: SuiteView | undefined;
let checks: readonly CheckView[] = [];
/** Where it was scrolled to is gone back to once. */
let restored = false;

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
    (message.type === 'suite' || message.type === 'changed')
  );
}

const handlers = {
  run(only: readonly string[] | null): void {
    vscode.postMessage({ type: 'run', only: only === null ? null : [...only] });
  },
  stop(): void {
    vscode.postMessage({ type: 'stop' });
  },
  chooseProbe(): void {
    vscode.postMessage({ type: 'chooseProbe' });
  },
  save(format: ReportFormat): void {
    closeMenu();
    vscode.postMessage({ type: 'save', format });
  },
  toggleFailedOnly(): void {
    keep({ failedOnly: kept.failedOnly !== true });
    draw();
  },
  unfolded(id: string, open: boolean): void {
    if (kept.unfolded?.[id] !== open) keep({ unfolded: { ...kept.unfolded, [id]: open } });
  },
  toggleMenu: openMenu,
  menuKey,
  /** From check to check by the arrow keys. */
  walk(event: KeyboardEvent): void {
    const list = event.currentTarget as HTMLElement;
    const all = [...list.querySelectorAll<HTMLElement>(':scope > li > details > summary')];
    const at = all.findIndex((each) => each === document.activeElement);
    const vertical = ['ArrowUp', 'ArrowDown', 'Home', 'End'].includes(event.key);
    const next = at === -1 || !vertical ? undefined : stepOf(event.key, at, all.length);
    if (next === undefined) return;
    event.preventDefault();
    all[next]?.focus();
  },
};

function draw(): void {
  if (root === null || suite === undefined || texts === undefined) return;
  const { failedOnly = false, unfolded = {} } = kept;
  render(suiteTemplate({ texts, suite, checks, failedOnly, unfolded }, handlers), root);
}

window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  if (!isHostMessage(data)) return;
  ({ suite } = data);
  if (data.type === 'suite') ({ texts, checks } = data);
  else {
    const changed = new Map(data.checks.map((each) => [each.id, each]));
    checks = checks.map((each) => changed.get(each.id) ?? each);
  }
  draw();
  if (restored) return;
  restored = true;
  document.scrollingElement?.scrollTo({ top: kept.scrolled ?? 0 });
});
document.addEventListener('scrollend', () => keep({ scrolled: document.scrollingElement?.scrollTop ?? 0 }), {
  passive: true,
});
document.addEventListener('pointerdown', ({ target }) => {
  if (!(target instanceof Element) || target.closest('.menu') === null) closeMenu();
});
window.addEventListener('blur', () => closeMenu());

vscode.postMessage({ type: 'ready' });
