import { html, nothing, render, type TemplateResult } from 'lit/html.js';
import type {
  ColumnName,
  HostMessage,
  PageMessage,
  Sight,
  Sort,
  TableState,
  TableTexts,
} from '../../extension/event-table/messages.ts';
import { Host } from '../shared/host.ts';
import { menuButton, openMenu, type MenuEntry } from '../shared/menu.ts';
import { filled } from '../shared/words.ts';
import type { ClockKind } from './clock.ts';
import { columns, firstLayout, readLayout, resized, shownColumns, toggled } from './columns.ts';
import { FilterBox } from './filter-box.ts';
import { Grid } from './grid.ts';
import { StripView } from './strip.ts';

const sayAfterMs = 60;

type Said<Type extends HostMessage['type']> = Extract<HostMessage, { readonly type: Type }>;

interface PageState {
  readonly layout: ReturnType<typeof readLayout>;
  readonly clock: ClockKind;
  readonly sort: Sort | null;
  readonly sight: Sight | null;
}

const host = new Host<PageMessage, HostMessage, PageState>();

class TablePage {
  readonly #texts: TableTexts;
  readonly #root: HTMLElement;
  readonly filter: FilterBox;
  readonly strip: StripView;
  readonly #grid: Grid;
  #state: TableState = { kind: 'starting' };
  #whole: Pick<Said<'whole'>, 'all' | 'same'> = { all: null, same: [] };
  #sending: Omit<Said<'sending'>, 'type'> = { paused: null, canGoOn: false, onPurpose: null, hasSampleReceiver: false };
  #inForce = '';
  #order = '';
  #isPaused = false;
  #isLoaded = false;
  #isFirst = true;
  /** Events that weren't searched yet for the view. */
  #unseen = 0;
  #above = 0;
  /** Rows above the visible ones, or those that arrived while the table is paused. */
  #news = 0;
  /** The rows are frozen while the pointer is over them. */
  #isHeld = false;
  #timer: number | undefined;
  /** For screen readers: it must exist before its text does, or it isn't announced. */
  readonly #spoken = document.createElement('div');
  /** The previous lines, to announce only new ones. */
  #lines: readonly string[] = [];
  #found = '';

  constructor(root: HTMLElement, { texts, language }: Said<'setup'>) {
    this.#texts = texts;
    this.#root = root;
    this.filter = new FilterBox(texts, {
      filter: (text, done) => host.say({ type: 'filter', text, done }),
      leave: () => this.#grid.element.focus(),
    });
    this.strip = new StripView(texts, language);
    this.#grid = new Grid({
      texts,
      language,
      events: {
        want: (offsets) => host.say({ type: 'want', generation: this.#grid.rows.view.generation, offsets }),
        seen: () => this.#seen(),
        sort: (sort) => this.#sortBy(sort),
        resize: (name, width) => this.#arrange({ layout: resized(this.#pageState.layout, name, width) }),
        columns: (at) => {
          const back = document.activeElement as HTMLElement;
          openMenu({ label: texts.columns, entries: () => this.#columnEntries(), back }, at);
        },
        choose: () => {
          const { turn, all } = this.#grid.choice;
          host.say({ type: 'choose', turn, chosen: all });
          this.#grid.draw();
          this.#draw();
        },
        range: (from, to) => {
          const { choice, rows } = this.#grid;
          host.say({ type: 'range', turn: choice.turn, generation: rows.view.generation, from, to });
        },
        act: (action, chosen) => host.say({ type: 'act', action, chosen }),
        filter: () => this.filter.focus(),
        left: () => this.#left(),
      },
    });
    // While the user works with the rows, don't move them.
    for (const act of ['wheel', 'pointerdown', 'keydown'])
      this.#grid.element.addEventListener(act, () => (this.#isHeld = false), { passive: true });
    root.setAttribute('aria-label', texts.title);
    this.#spoken.role = 'status';
    this.#spoken.className = 'unseen';
    const { sort } = this.#pageState;
    if (sort !== null) this.#grid.setSort(sort);
    this.#arrange({});
    this.#draw();
  }

  showState({ state }: Said<'state'>): void {
    this.#state = state;
    if (!hasRows(state)) this.#forget();
    this.#draw();
  }

  showFilter({ filter, offered }: Said<'filter'>): void {
    if (filter !== this.#inForce) this.#above = 0;
    this.#inForce = filter;
    this.filter.show(filter, offered);
    this.#draw();
  }

  showWhole(said: Said<'whole'>): void {
    this.#whole = said;
    this.#arrange({});
    this.#draw();
  }

  showSending(said: Said<'sending'>): void {
    this.#sending = said;
    this.#draw();
  }

  showNews({ paused, count }: Said<'news'>): void {
    if (paused !== this.#isPaused) {
      this.#isPaused = paused;
      this.#above = 0;
      if (!paused) this.#grid.toTop();
    }
    this.#news = paused ? count : this.#above;
    this.#draw();
  }

  takeRows({ generation, window }: Said<'rows'>): void {
    const { rows, sight } = this.#grid;
    if (generation !== rows.view.generation) return;
    rows.take(window, sight.first);
    this.#grid.draw();
  }

  takeRange({ turn, ids }: Said<'range'>): void {
    this.#grid.choice.complete(turn, ids);
  }

  reveal({ generation, place }: Said<'reveal'>): void {
    if (generation === this.#grid.rows.view.generation) this.#grid.reveal(place);
  }

  get #pageState(): PageState {
    const { layout, clock, sort, sight } = host.pageState;
    // The extension checks the last two.
    return {
      layout: readLayout(layout),
      clock: clock === 'day' ? 'day' : 'since',
      sort: sort ?? null,
      sight: sight ?? null,
    };
  }

  #draw(): void {
    const texts = this.#texts;
    const { kind } = this.#state;
    const { paused, canGoOn, onPurpose, hasSampleReceiver } = this.#sending;
    const next = hasSampleReceiver && this.#grid.rows.total > 0 ? texts.next : null;
    const notice = this.#notice();
    const news = this.#news === 1 ? texts.newOne : filled(texts.new, inFull(this.#news));
    this.#root.dataset['state'] = notice === nothing ? 'rows' : kind;
    render(
      html`<h1 class="unseen">${texts.title}</h1>
        <div class="bar">
          ${this.filter.element} ${this.#news === 0 ? nothing : button(news, () => this.#toNewest(), true)}
          ${kind === 'readOnly' ? asking(texts.start, 'start', false, texts.readOnly) : nothing}
          <button
            type="button"
            class="button"
            aria-pressed=${this.#isPaused}
            ?disabled=${kind !== 'running'}
            @click=${() => host.say({ type: 'pause', on: !this.#isPaused })}
          >
            ${this.#isPaused ? texts.resume : texts.pause}
          </button>
          ${menuButton('choose', texts.columns, () => this.#columnEntries(), texts.columnsHelp)}
          <span class="count">${this.#isLoaded ? this.#countText() : ''}</span>
        </div>
        <div class="sending" ?hidden=${paused === null}>
          <span>${paused}</span>
          ${canGoOn ? [asking(texts.continueSending, 'continueSending', true), asking(texts.sendNext, 'sendNext')] : nothing}
        </div>
        <div class="sending" ?hidden=${onPurpose === null}>
          <span>${onPurpose}</span>
          ${asking(texts.answerDeliveries, 'answerDeliveries')}
        </div>
        <div class="frozen" ?hidden=${!this.#isPaused}><span>${texts.frozen}</span></div>
        <div class="next" ?hidden=${next === null}>
          <span>${next}</span>
          ${asking(texts.addDestination, 'addDestination')}
        </div>
        ${this.strip.element} ${this.#grid.element}
        <div class="notice" role="status">${notice}</div>
        ${this.#spoken}`,
      this.#root,
    );
    this.#speak([paused, onPurpose, next]);
  }

  #speak(told: readonly (string | null)[]): void {
    const { frozen, chosen } = this.#texts;
    const { count } = this.#grid.choice;
    const lines = [
      ...told.map((text) => text ?? ''),
      this.#isPaused ? frozen : '',
      this.#found,
      count > 1 ? filled(chosen, inFull(count)) : '',
    ].filter((line) => line !== '');
    if (lines.join() === this.#lines.join()) return;
    this.#spoken.textContent = lines.filter((line) => !this.#lines.includes(line)).join(' ');
    this.#lines = lines;
  }

  #notice(): TemplateResult | typeof nothing {
    const texts = this.#texts;
    const start = asking(texts.start, 'start', true);
    const log = asking(texts.showLog, 'showLog');
    const state = this.#state;
    if (state.kind === 'stopped') return noticeTemplate(texts.stopped, start);
    if (state.kind === 'starting') return noticeTemplate(texts.starting);
    if (state.kind === 'failed') return noticeTemplate(filled(texts.failed, state.message), start, log);
    if (state.kind === 'unreadable')
      return noticeTemplate(filled(texts.unreadable, state.message), asking(texts.retry, 'retry', true), log);
    if (!this.#isLoaded) return noticeTemplate(texts.loading);
    if (this.#grid.rows.total > 0) return nothing;
    if (this.#inForce === '') return noticeTemplate(texts.empty, asking(texts.sample, 'sample', true));
    const showAll = (): void => host.say({ type: 'filter', text: '', done: true });
    return noticeTemplate(texts.noMatch, button(texts.showAll, showAll, true));
  }

  #countText(): string {
    const { chosen, unseen, readOnly } = this.#texts;
    const { choice } = this.#grid;
    return [
      this.#foundText(),
      ...(choice.count > 1 ? [filled(chosen, inFull(choice.count))] : []),
      ...(this.#unseen === 0 ? [] : [filled(unseen, inFull(this.#unseen))]),
      ...(this.#state.kind === 'readOnly' ? [readOnly] : []),
    ].join(' · ');
  }

  #foundText(): string {
    const { count, countOne, countOf } = this.#texts;
    const { total } = this.#grid.rows;
    const { all } = this.#whole;
    if (this.#inForce !== '' && all !== null) return filled(countOf, inFull(total), inFull(Math.max(all, total)));
    return total === 1 ? countOne : filled(count, inFull(total));
  }

  #forget(): void {
    this.#isLoaded = false;
    this.#found = '';
    this.#above = this.#news = 0;
    this.#grid.rows.begin();
    this.#grid.choice.clear();
    this.#grid.takeRows(0);
    this.strip.element.hidden = true;
  }

  takeView(view: Said<'view'>): void {
    const { total, sort, at, unseen } = view;
    const { sight, choice } = this.#grid;
    const left = this.#isFirst ? view.chosen : choice.leftIn(view);
    // A view for an earlier visible part or choice would move the rows.
    if (left === undefined || (!this.#isFirst && view.anchor !== (sight.anchor?.id ?? null))) {
      this.#sayNow(true);
      return;
    }
    const order = JSON.stringify([this.#inForce, sort]);
    const activeBefore = choice.active;
    this.#grid.rows.begin(view);
    this.#grid.setSort(sort);
    const sightBefore = this.#isFirst ? this.#pageState.sight : null;
    this.#isFirst = false;
    this.#isLoaded = true;
    this.#unseen = unseen;
    // Later changes aren't announced one by one.
    if (order !== this.#order) this.#found = this.#inForce === '' ? '' : this.#foundText();
    const before = (sightBefore ?? sight).anchor?.at ?? null;
    const moved = at === null || before === null ? 0 : at - before;
    const stays = activeBefore === -1 || order !== this.#order ? -1 : activeBefore + moved;
    choice.carry(left, Math.max(-1, Math.min(total - 1, stays)));
    if (sightBefore?.anchor != null) this.#grid.toRow(sightBefore.first + moved);
    this.#showRows(sight, sightBefore?.anchor == null ? moved : 0);
    this.#order = order;
  }

  takeLive({ generation, added, changed }: Said<'live'>): void {
    const { rows, sight } = this.#grid;
    if (generation !== rows.view.generation) return;
    rows.change(added, changed);
    this.#showRows(sight, sight.anchor === null ? 0 : added.length);
  }

  #showRows(sight: Grid['sight'], moved: number): void {
    const { sort } = this.#grid;
    this.#grid.takeRows(sight.anchor === null ? 0 : moved);
    if (moved > 0 && sight.isAtTop) this.#isHeld = true;
    const isNewestFirst = sort.by === 'time' && sort.descending;
    this.#above = isNewestFirst && sight.anchor !== null ? this.#above + Math.max(0, moved) : 0;
    if (!this.#isPaused) this.#news = this.#above;
    this.#draw();
    this.#seen();
  }

  #catchUp(): void {
    this.#above = this.#news = 0;
    this.#draw();
  }

  #toNewest(): void {
    this.#grid.element.focus();
    if (this.#isPaused) host.say({ type: 'pause', on: false });
    this.#isHeld = false;
    this.#catchUp();
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
    if (isAtTop && !this.#isPaused && this.#above > 0) this.#catchUp();
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#sayNow(), sayAfterMs);
  }

  #sayNow(again = false): void {
    const { first, count, anchor } = this.#grid.sight;
    const sight = { first, count, anchor };
    host.say({ type: 'see', sight, again });
    host.savePageState({ sight });
  }

  #sortBy(sort: Sort): void {
    host.savePageState({ sort });
    this.#grid.setSort(sort);
    this.#catchUp();
    this.#grid.toTop();
    host.say({ type: 'see', again: false, sight: { first: 0, count: this.#grid.sight.count, anchor: null } });
    host.say({ type: 'sort', sort });
  }

  #arrange(change: Partial<Pick<PageState, 'layout' | 'clock'>>): void {
    host.savePageState(change);
    const { layout, clock } = this.#pageState;
    this.#grid.arrange(layout, shownColumns(layout, this.#whole.same), clock);
  }

  #columnEntries(): MenuEntry[] {
    const texts = this.#texts;
    const { layout, clock } = this.#pageState;
    const { same } = this.#whole;
    const shown = shownColumns(layout, same).map(({ name }) => name);
    const ofColumn = (name: ColumnName): MenuEntry => ({
      label: texts[name],
      checked: shown.includes(name),
      choose: () => this.#arrange({ layout: toggled(layout, same, name) }),
    });
    const ofClock = (kind: ClockKind, label: string): MenuEntry => ({
      label,
      checked: clock === kind,
      radio: true,
      choose: () => this.#arrange({ clock: kind }),
    });
    return [
      ...columns.map(({ name }) => ofColumn(name)),
      { ...ofClock('since', texts.clockSince), heading: texts.clock },
      ofClock('day', texts.clockDay),
      { label: texts.resetColumns, heading: '', choose: () => this.#arrange({ layout: firstLayout, clock: 'since' }) },
    ];
  }
}

function hasRows({ kind }: TableState): boolean {
  return kind === 'running' || kind === 'readOnly' || kind === 'unreadable';
}

function inFull(count: number): string {
  return count.toLocaleString(document.documentElement.lang);
}

function button(label: string, act: () => void, first = false, title?: string): TemplateResult {
  const kind = first ? 'primary' : '';
  return html`<button type="button" class="button ${kind}" title=${title ?? nothing} @click=${act}>${label}</button>`;
}

/** The type of a message that says nothing else. */
type Bare<Message extends PageMessage = PageMessage> = Message extends PageMessage
  ? keyof Message extends 'type'
    ? Message['type']
    : never
  : never;

function asking(label: string, type: Bare, first = false, title?: string): TemplateResult {
  return button(label, () => host.say({ type }), first, title);
}

function noticeTemplate(text: string, ...buttons: TemplateResult[]): TemplateResult {
  return html`<p>${text}</p>
    ${buttons}`;
}

const root = document.querySelector('main');
let page: TablePage | undefined;
host.onMessages({
  setup(message) {
    if (root !== null) page ??= new TablePage(root, message);
  },
  state: (message) => page?.showState(message),
  filter: (message) => page?.showFilter(message),
  typed: (message) => page?.filter.showTyped(message),
  whole: (message) => page?.showWhole(message),
  sending: (message) => page?.showSending(message),
  news: (message) => page?.showNews(message),
  strip: ({ strip }) => page?.strip.show(strip),
  view: (message) => page?.takeView(message),
  rows: (message) => page?.takeRows(message),
  range: (message) => page?.takeRange(message),
  live: (message) => page?.takeLive(message),
  reveal: (message) => page?.reveal(message),
});
host.say({ type: 'ready', sort: host.pageState.sort ?? null, sight: host.pageState.sight ?? null });
