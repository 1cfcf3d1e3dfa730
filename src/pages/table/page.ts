/** The table's page, in a webview of the panel: draws what the extension says, tells it what the user does. */
import type {
  ColumnName,
  HostMessage,
  Sight,
  Sort,
  TableState,
  TableTexts,
} from '../../extension/events/table/messages.ts';
import type { ClockKind } from './clock.ts';
import { columns, firstLayout, readLayout, resized, toggled } from './columns.ts';
import { element } from './element.ts';
import { FilterBox } from './filter-box.ts';
import { Grid } from './grid.ts';
import { Menu } from './menu.ts';
import type { MenuEntry } from './menu.ts';
import { StripView } from './strip.ts';
import { vscode } from './vscode-api.ts';
import { filled } from './words.ts';

/** The page says what is in sight when it has not been scrolled for so long, in milliseconds. */
const sayAfterMs = 60;

/** What the page keeps while it is hidden. */
interface Kept {
  readonly layout: ReturnType<typeof readLayout>;
  readonly clock: ClockKind;
  readonly sort: Sort | null;
  readonly sight: Sight | null;
}

function readKept(raw: unknown): Kept {
  const { layout, clock, sort, sight } = (raw ?? {}) as Partial<Record<keyof Kept, unknown>>;
  return {
    layout: readLayout(layout),
    clock: clock === 'day' ? 'day' : 'since',
    // The extension checks both.
    sort: (sort ?? null) as Sort | null,
    sight: (sight ?? null) as Sight | null,
  };
}

/** All of the page, once its texts are known. */
class TablePage {
  readonly #texts: TableTexts;
  readonly #root: HTMLElement;
  readonly #filter: FilterBox;
  readonly #strip: StripView;
  readonly #grid: Grid;
  readonly #menu: Menu;
  readonly #news: HTMLButtonElement;
  readonly #pause: HTMLButtonElement;
  /** Starts the relay whose history is shown. */
  readonly #start: HTMLButtonElement;
  readonly #choose: HTMLButtonElement;
  readonly #count: HTMLElement;
  readonly #notice: HTMLElement;
  /** Says that sending is paused, with the buttons that go on. */
  readonly #sending: HTMLElement;
  readonly #sendingText: HTMLElement;
  readonly #goOn: readonly HTMLButtonElement[];
  #kept: Kept;
  #state: TableState = { kind: 'starting' };
  #inForce = '';
  /** The filter and the order of the snapshot that is shown. */
  #order = '';
  #isPaused = false;
  #isLoaded = false;
  #isFirst = true;
  /** How many have come above what is in sight. */
  #above = 0;
  /** The rows were held since the pointer was over them: they follow again when it goes. */
  #isHeld = false;
  #timer: number | undefined;

  constructor(root: HTMLElement, { texts, language }: Extract<HostMessage, { type: 'setup' }>, kept: Kept) {
    this.#texts = texts;
    this.#root = root;
    this.#kept = kept;
    this.#filter = new FilterBox(texts, {
      filter: (text, done) => vscode.postMessage({ type: 'filter', text, done }),
      leave: () => this.#grid.element.focus(),
    });
    this.#menu = new Menu(texts.columns);
    this.#strip = new StripView(texts, language);
    this.#news = element('button', { type: 'button', class: 'news' });
    this.#news.hidden = true;
    this.#news.addEventListener('click', () => this.#toNewest());
    this.#pause = element('button', { type: 'button', class: 'pause', 'aria-pressed': 'false' }, texts.pause);
    this.#start = this.#button(texts.start, 'secondary', () => vscode.postMessage({ type: 'start' }));
    this.#start.title = texts.readOnly;
    this.#start.hidden = true;
    this.#pause.addEventListener('click', () => this.#setPaused(!this.#isPaused));
    this.#choose = element(
      'button',
      { type: 'button', class: 'choose', 'aria-haspopup': 'menu', title: texts.columnsHelp },
      texts.columns,
    );
    this.#choose.addEventListener('click', () => {
      const { left, bottom } = this.#choose.getBoundingClientRect();
      this.#chooseColumns({ x: left, y: bottom }, this.#choose);
    });
    this.#count = element('span', { class: 'count' });
    this.#notice = element('div', { class: 'notice', role: 'status' });
    this.#sendingText = element('span', { role: 'status' });
    this.#goOn = [
      this.#button(texts.continueSending, 'primary', () => vscode.postMessage({ type: 'continueSending' })),
      this.#button(texts.sendNext, 'secondary', () => vscode.postMessage({ type: 'sendNext' })),
    ];
    this.#sending = element('div', { class: 'sending' }, this.#sendingText, ...this.#goOn);
    this.#sending.hidden = true;
    this.#grid = new Grid({
      ...{ texts, language },
      events: {
        want: (offsets) => vscode.postMessage({ type: 'want', snapshot: this.#grid.rows.snapshot, offsets }),
        seen: () => this.#seen(),
        sort: (sort) => this.#sortBy(sort),
        resize: (name, width) => this.#arrange({ layout: resized(this.#kept.layout, name, width) }),
        columns: (at) => this.#chooseColumns(at, document.activeElement as HTMLElement),
        select: (ids) => vscode.postMessage({ type: 'select', ids: [...ids] }),
        act: (action, ids) => vscode.postMessage({ type: 'act', action, ids: [...ids] }),
        filter: () => this.#filter.focus(),
        left: () => this.#left(),
      },
    });
    // Whoever acts on the rows wants to stay where they are.
    for (const act of ['wheel', 'pointerdown', 'keydown'])
      this.#grid.element.addEventListener(act, () => (this.#isHeld = false), { passive: true });
    const bar = element(
      'div',
      { class: 'bar' },
      ...[this.#filter.element, this.#news, this.#start, this.#pause, this.#choose, this.#count],
    );
    root.replaceChildren(
      element('h1', {}, texts.title),
      bar,
      this.#sending,
      this.#strip.element,
      this.#grid.element,
      this.#notice,
    );
    root.setAttribute('aria-label', texts.title);
    if (kept.sort !== null) this.#grid.setSort(kept.sort);
    this.#grid.arrange(kept.layout, kept.clock);
    this.#showState();
  }

  /** Takes what the extension says. */
  take(message: HostMessage): void {
    switch (message.type) {
      case 'setup':
        return;
      case 'state':
        this.#state = message.state;
        this.#showState();
        return;
      case 'filter':
        if (message.filter !== this.#inForce) this.#above = 0;
        this.#inForce = message.filter;
        this.#filter.show(message.filter, message.offered);
        this.#showState();
        return;
      case 'sending':
        this.#showSending(message);
        return;
      case 'problem':
        this.#filter.showProblem(message.text, message.problem);
        return;
      case 'snapshot':
        this.#takeSnapshot(message);
        return;
      case 'rows': {
        const { rows, sight } = this.#grid;
        if (message.snapshot !== rows.snapshot) return;
        rows.take(message.window, sight.first);
        this.#grid.draw();
        return;
      }
      case 'news':
        if (this.#isPaused) this.#showNews(message.count);
        return;
      case 'strip':
        this.#strip.show(message.strip);
        return;
      case 'reveal':
        this.#grid.reveal(message.id, message.snapshot === this.#grid.rows.snapshot ? message.at : null);
        return;
    }
  }

  #takeSnapshot(message: Extract<HostMessage, { type: 'snapshot' }>): void {
    const { snapshot, total, windows, sort, paused, moved, unseen } = message;
    // One that was on its way when the table was paused.
    if (this.#isPaused && !paused && !this.#isFirst) return;
    const { sight } = this.#grid;
    // One that goes by what was in sight before would move what is in sight now.
    if (!this.#isFirst && message.anchor !== (sight.anchor?.id ?? null)) {
      this.#sayNow(true);
      return;
    }
    const order = JSON.stringify([this.#inForce, sort]);
    this.#grid.rows.begin(snapshot, total, windows);
    this.#grid.setSort(sort);
    const kept = this.#isFirst ? this.#kept.sight : null;
    if (this.#isFirst) this.#isPaused = paused;
    this.#isFirst = false;
    this.#isLoaded = true;
    if (kept?.anchor != null) this.#grid.toRow(kept.first + moved);
    else this.#grid.takeSnapshot(sight.anchor === null ? 0 : moved, order !== this.#order);
    this.#order = order;
    if (moved > 0 && sight.isAtTop) this.#isHeld = true;
    const isNewestFirst = sort.by === 'time' && sort.descending;
    this.#above = isNewestFirst && sight.anchor !== null ? this.#above + Math.max(0, moved) : 0;
    this.#showPause();
    if (!this.#isPaused) this.#showNews(this.#above);
    const { count, countOne } = this.#texts;
    const number = total.toLocaleString(document.documentElement.lang);
    const told = total === 1 ? countOne : filled(count, number);
    const more =
      unseen === 0 ? '' : `, ${filled(this.#texts.unseen, unseen.toLocaleString(document.documentElement.lang))}`;
    this.#count.textContent = told + more + (this.#state.kind === 'readOnly' ? ` · ${this.#texts.readOnly}` : '');
    this.#showState();
    this.#seen();
  }

  #showSending({ paused, canGoOn }: Extract<HostMessage, { type: 'sending' }>): void {
    this.#sending.hidden = paused === null;
    this.#sendingText.textContent = paused ?? '';
    for (const button of this.#goOn) button.hidden = !canGoOn;
  }

  #showNews(count: number): void {
    this.#news.hidden = count === 0;
    this.#news.textContent =
      count === 1 ? this.#texts.newOne : filled(this.#texts.new, count.toLocaleString(document.documentElement.lang));
  }

  #showPause(): void {
    this.#pause.setAttribute('aria-pressed', String(this.#isPaused));
    this.#pause.textContent = this.#isPaused ? this.#texts.resume : this.#texts.pause;
  }

  #setPaused(on: boolean): void {
    this.#isPaused = on;
    this.#showPause();
    this.#above = 0;
    this.#showNews(0);
    vscode.postMessage({ type: 'pause', on });
    if (!on) this.#grid.toTop();
  }

  #toNewest(): void {
    this.#grid.element.focus();
    if (this.#isPaused) this.#setPaused(false);
    this.#isHeld = false;
    this.#above = 0;
    this.#showNews(0);
    this.#grid.toTop();
    this.#sayNow();
  }

  #left(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#grid.toTop();
  }

  #seen(): void {
    const { isAtTop } = this.#grid.sight;
    if (isAtTop && !this.#isPaused && this.#above > 0) {
      this.#above = 0;
      this.#showNews(0);
    }
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#sayNow(), sayAfterMs);
  }

  #sayNow(again = false): void {
    const { first, count, anchor } = this.#grid.sight;
    const sight = { first, count, anchor };
    vscode.postMessage({ type: 'see', sight, again });
    this.#keep({ sight });
  }

  #sortBy(sort: Sort): void {
    this.#keep({ sort });
    this.#grid.setSort(sort);
    this.#above = 0;
    this.#showNews(0);
    this.#grid.toTop();
    vscode.postMessage({
      ...{ type: 'see', again: false },
      sight: { first: 0, count: this.#grid.sight.count, anchor: null },
    });
    vscode.postMessage({ type: 'sort', sort });
  }

  #arrange(change: Partial<Pick<Kept, 'layout' | 'clock'>>): void {
    this.#keep(change);
    this.#grid.arrange(this.#kept.layout, this.#kept.clock);
  }

  #keep(change: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...change };
    vscode.setState(this.#kept);
  }

  #chooseColumns(at: { readonly x: number; readonly y: number }, back: HTMLElement): void {
    const texts = this.#texts;
    const entries = (): MenuEntry[] => {
      const { layout, clock } = this.#kept;
      const ofColumn = (name: ColumnName): MenuEntry => ({
        label: texts[name],
        checked: !layout.hidden.includes(name),
        choose: () => this.#arrange({ layout: toggled(layout, name) }),
      });
      const ofClock = (kind: ClockKind, label: string): MenuEntry => ({
        ...{ label, checked: clock === kind, radio: true },
        choose: () => this.#arrange({ clock: kind }),
      });
      return [
        ...columns.map(({ name }) => ofColumn(name)),
        { ...ofClock('since', texts.clockSince), heading: texts.clock },
        ofClock('day', texts.clockDay),
        {
          ...{ label: texts.resetColumns, heading: '' },
          choose: () => this.#arrange({ layout: firstLayout, clock: 'since' }),
        },
      ];
    };
    this.#menu.open(entries, at, back);
  }

  /** What stands in place of rows, with a next step. */
  #showState(): void {
    const texts = this.#texts;
    const start = this.#button(texts.start, 'primary', () => vscode.postMessage({ type: 'start' }));
    const log = this.#button(texts.showLog, 'secondary', () => vscode.postMessage({ type: 'showLog' }));
    const total = this.#grid.rows.total;
    const notice = ((): (Node | string)[] | undefined => {
      const { kind } = this.#state;
      if (kind === 'stopped') return [element('p', {}, texts.stopped), start];
      if (kind === 'starting') return [element('p', {}, texts.starting)];
      if (kind === 'failed') return [element('p', {}, filled(texts.failed, this.#state.message)), start, log];
      if (kind === 'unreadable') {
        const again = this.#button(texts.retry, 'primary', () => vscode.postMessage({ type: 'retry' }));
        return [element('p', {}, filled(texts.unreadable, this.#state.message)), again, log];
      }
      if (!this.#isLoaded) return [element('p', {}, texts.loading)];
      if (total > 0) return undefined;
      if (this.#inForce !== '') {
        const all = this.#button(texts.showAll, 'primary', () =>
          vscode.postMessage({ type: 'filter', text: '', done: true }),
        );
        return [element('p', {}, texts.noMatch), all];
      }
      const sample = this.#button(texts.sample, 'primary', () => vscode.postMessage({ type: 'sample' }));
      return [element('p', {}, texts.empty), sample];
    })();
    const isDifferent = this.#notice.textContent !== (notice ?? []).map((each) => nodeText(each)).join('');
    if (isDifferent) this.#notice.replaceChildren(...(notice ?? []));
    this.#root.dataset['state'] = notice === undefined ? 'rows' : this.#state.kind;
    const { kind } = this.#state;
    this.#pause.disabled = kind !== 'running';
    this.#start.hidden = kind !== 'readOnly';
    if (kind !== 'running' && kind !== 'readOnly' && kind !== 'unreadable') {
      this.#isPaused = false;
      this.#showPause();
      this.#grid.rows.begin('', 0, []);
      this.#grid.takeSnapshot(0, true);
      this.#isLoaded = false;
      this.#count.textContent = '';
      this.#strip.element.hidden = true;
      this.#showNews(0);
    }
  }

  #button(label: string, kind: 'primary' | 'secondary', action: () => void): HTMLButtonElement {
    const button = element('button', { type: 'button', class: kind }, label);
    button.addEventListener('click', action);
    return button;
  }
}

function nodeText(node: Node | string): string {
  return typeof node === 'string' ? node : (node.textContent ?? '');
}

/** The extension's messages come through VS Code's frame, checked on their way; anything else is not for this page. */
function isHostMessage(message: unknown): message is HostMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    'type' in message &&
    ['setup', 'state', 'sending', 'filter', 'problem', 'snapshot', 'rows', 'news', 'strip', 'reveal'].includes(
      String(message.type),
    )
  );
}

const root = document.querySelector('main');
const kept = readKept(vscode.getState());
let page: TablePage | undefined;
window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  if (!isHostMessage(data) || root === null) return;
  if (data.type === 'setup') page ??= new TablePage(root, data, kept);
  else page?.take(data);
});
vscode.postMessage({ type: 'ready', sort: kept.sort, sight: kept.sight });
