import { render } from 'lit/html.js';
import type {
  Column,
  ColumnName,
  EditorAction,
  HostMessage,
  PageMessage,
  Reason,
  TextKind,
} from '../../extension/event-editor/messages.ts';
import { Countdown } from './countdown.ts';
import { highlight } from './highlight.ts';
import { Host } from '../shared/host.ts';
import { restoreScroll, type ReadingState } from '../shared/page-state.ts';
import { columnNames, eventTemplate, obstacleTemplate } from './template.ts';

/** Contains nothing of the event itself. */
interface PageState extends ReadingState {
  readonly chosen?: string | undefined;
  readonly tab?: ColumnName;
}

const host = new Host<PageMessage, HostMessage, PageState>();
const root = document.querySelector('main');
const narrow = matchMedia('(width < 900px)');
let shown: Extract<HostMessage, { type: 'event' }> | undefined;
const columns: Partial<Record<ColumnName, Column>> = {};
const restoreScrolled = restoreScroll(host);
const revealed = new Set<ColumnName>();
const countdown = new Countdown();

/** For screen readers: it must exist before its text does, or it isn't announced. */
const spoken = document.createElement('div');
spoken.role = 'status';
spoken.className = 'unseen';
document.body.append(spoken);

function announce(reason: Reason | null): void {
  const text =
    reason === null ? '' : [reason.what, reason.words, reason.advice].filter((each) => each !== '').join('. ');
  if (spoken.textContent !== text) spoken.textContent = text;
}

const handlers = {
  choose(step: string): void {
    host.savePageState({
      chosen: step,
      tab: step === 'received' ? 'cameIn' : step.startsWith('made ') ? 'sent' : 'answered',
    });
    host.say({ type: 'choose', step });
    // Select it at once; its response follows.
    if (shown !== undefined) shown = { ...shown, view: { ...shown.view, chosen: step } };
    draw();
  },
  selectTab(tab: ColumnName): void {
    host.savePageState({ tab });
    draw();
    reveal();
  },
  act(action: EditorAction): void {
    if (action === 'resend' || action === 'resendTo') host.savePageState({ chosen: undefined, tab: 'answered' });
    host.say({ type: 'act', action });
  },
  openText(kind: TextKind): void {
    host.say({ type: 'openText', kind });
  },
};

function draw(): void {
  if (root === null || shown === undefined) return;
  const tab = host.pageState.tab ?? shown.view.first;
  render(eventTemplate({ ...shown, columns, tab, narrow: narrow.matches, store: host }, handlers), root);
  for (const name of columnNames) highlight(name, columns[name]?.body ?? null, document.getElementById(`body-${name}`));
  countdown.follow(shown.texts);
}

/** Only once in each visible column, and not if the user has scrolled it. */
function reveal(): void {
  for (const name of columnNames) {
    const pre = document.getElementById(`body-${name}`);
    if (pre === null || revealed.has(name) || pre.offsetParent === null) continue;
    revealed.add(name);
    if (host.pageState.scrolled?.[pre.id] !== undefined) continue;
    // If it is there twice, the last is the result.
    const mark = [...pre.querySelectorAll<HTMLElement>('.this-event')].at(-1);
    if (mark !== undefined) pre.scrollTo({ top: mark.offsetTop - 24 });
  }
}

host.onMessages({
  obstacle({ texts, obstacle }) {
    shown = undefined;
    if (root !== null) render(obstacleTemplate(texts, obstacle, handlers), root);
  },
  event(message) {
    shown = message;
    Object.assign(columns, message.columns);
    countdown.set(message.view.groups.flatMap(({ steps }) => steps));
    draw();
    announce(message.view.reason);
    reveal();
    restoreScrolled();
  },
});
narrow.addEventListener('change', draw);

host.say({ type: 'ready', chosen: host.pageState.chosen });
