/** Places are counted from the top of the view, so they stay the same when rows are added above (negative places). */
import type { ChosenEvents, LeftOfChoice } from '../../extension/event-table/messages.ts';
import type { RowCache, View } from './row-cache.ts';

const maxChosen = 10_000;

export interface ChoiceEvents {
  choose(): void;
  /** Chosen rows aren't all loaded: reply with {@link Choice.complete}. */
  range(from: number, to: number): void;
}

export class Choice {
  readonly #rows: RowCache;
  readonly #events: ChoiceEvents;
  /** If all are chosen, the rows that aren't. */
  #ids: ReadonlySet<string> = new Set();
  #all: { readonly filter: string; readonly before: string; readonly count: number } | undefined;
  #active: number | undefined;
  /** Undefined until it is loaded; null if only the place of a row is left. */
  #activeId: string | null | undefined;
  #from: number | undefined;
  #turn = 0;
  /** The chosen range that is being read: its first place in the view, and the chosen rows above that. */
  #pending: { readonly first: number; readonly above: readonly string[] } | undefined;

  constructor(rows: RowCache, events: ChoiceEvents) {
    this.#rows = rows;
    this.#events = events;
  }

  get turn(): number {
    return this.#turn;
  }

  get active(): number {
    return this.#active === undefined ? -1 : this.#rows.above + this.#active;
  }

  get count(): number {
    return this.#all?.count ?? this.#ids.size;
  }

  has(index: number): boolean {
    const row = this.#rows.row(index);
    return row !== undefined && this.#hasId(row.id);
  }

  get all(): ChosenEvents {
    const active = this.#activeId ?? null;
    return this.#all === undefined ? { ids: [...this.#ids], active } : { ...this.#all, except: [...this.#ids], active };
  }

  /** The active row, or the chosen ones if it is one of them; undefined until a range is read. */
  get meant(): ChosenEvents | undefined {
    const id = this.#pending === undefined ? this.#activeId : null;
    if (typeof id === 'string' && !this.#hasId(id)) return { ids: [id], active: id };
    return this.count === 0 ? undefined : this.all;
  }

  go(index: number, extending: boolean): void {
    const place = index - this.#rows.above;
    if (!extending || this.#from === undefined) this.#from = place;
    const to = Math.max(this.#from - maxChosen + 1, Math.min(this.#from + maxChosen - 1, place));
    const [first, last] = [Math.min(this.#from, to), Math.max(this.#from, to)];
    const ids = this.#rows.idsAt(first, last);
    const isLoaded = ids.length > last - first;
    this.#all = undefined;
    this.#set(isLoaded ? ids : [], place);
    if (isLoaded) return;
    this.#pending = { first: Math.max(0, first), above: this.#rows.idsAt(first, -1) };
    this.#events.range(this.#pending.first, last);
  }

  complete(turn: number, ids: readonly string[]): void {
    const range = this.#pending;
    if (turn !== this.#turn || range === undefined) return;
    this.#pending = undefined;
    const top = this.#rows.above + range.first;
    const isAsSeen = ids.every((id, at) => (this.#rows.row(top + at)?.id ?? id) === id);
    if (isAsSeen && ids.length > 0) this.#set([...range.above, ...ids], this.#active);
  }

  toggle(index: number): void {
    const id = this.#rows.row(index)?.id ?? '';
    const ids = new Set(this.#ids);
    const isNewer = this.#all !== undefined && !ids.has(id) && !this.#hasId(id);
    if (!ids.delete(id) && ids.size < maxChosen && !isNewer) ids.add(id);
    const fewer = ids.size - this.#ids.size;
    if (this.#all !== undefined) this.#all = { ...this.#all, count: this.#all.count - fewer };
    this.#from = index - this.#rows.above;
    this.#set(ids, this.#from);
  }

  move(index: number): void {
    this.#from = index - this.#rows.above;
    this.#set(this.#ids, this.#from);
  }

  chooseAll(): void {
    const { above, total, view, before } = this.#rows;
    if (total === 0) return;
    this.#all = { filter: view.filter, before, count: total };
    this.#from = this.#active ?? -above;
    this.#set([], this.#from);
  }

  arrived(): void {
    const row = this.#rows.row(this.active);
    if (this.#activeId !== undefined || row === undefined) return;
    this.#activeId = row.id;
    this.#events.choose();
  }

  clear(): void {
    this.#from = this.#all = undefined;
    this.#set([], undefined);
  }

  /** @returns undefined if the view is for an earlier choice, and doesn't have it loaded */
  leftIn({ turn, chosen, windows }: Pick<View, 'turn' | 'chosen' | 'windows'>): LeftOfChoice | undefined {
    if (this.#pending !== undefined) return undefined;
    if (turn === this.#turn) return chosen;
    const places = new Map(windows.flatMap(({ offset, rows }) => rows.map(({ id }, at) => [id, offset + at] as const)));
    const active = places.get(this.#activeId ?? '');
    const ids = [...this.#ids].filter((id) => places.has(id));
    const isThere = this.#all === undefined && active !== undefined && ids.length === this.#ids.size;
    return isThere ? { ids, count: ids.length, active } : undefined;
  }

  /** @param stays the position of the active row for the keyboard, if it isn't in the view */
  carry({ ids, count, active }: LeftOfChoice, stays: number): void {
    if (this.#all?.filter === this.#rows.view.filter) this.#all = { ...this.#all, count };
    else {
      this.#all = undefined;
      this.#ids = new Set(ids);
    }
    if (active === null) this.#activeId = null;
    this.#active = active ?? (stays === -1 ? undefined : stays - this.#rows.above);
    this.#from = this.#active;
  }

  #hasId(id: string): boolean {
    if (this.#all === undefined) return this.#ids.has(id);
    return Number(id.slice(1)) < Number(this.#all.before.slice(1)) && !this.#ids.has(id);
  }

  #set(ids: Iterable<string>, active: number | undefined): void {
    this.#ids = new Set(ids);
    this.#active = active;
    this.#activeId = this.#rows.row(this.active)?.id;
    this.#pending = undefined;
    this.#turn += 1;
    this.#events.choose();
  }
}
