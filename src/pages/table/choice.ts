/**
 * The chosen rows, as ranges of places in the current snapshot, so that only rows of the table can be chosen; and the
 * active row, from which the keyboard moves. A place is counted from the top of the snapshot, so that it stays the same
 * when rows appear above it: those have negative places.
 */
import type { ChosenEvents, Stretch } from '../../extension/event-table/messages.ts';
import type { RowCache } from './row-cache.ts';

/** Maximum number of rows to name; more are reported as ranges of the snapshot. */
const mostNamed = 1000;

/** The choice in another snapshot. */
export interface CarriedChoice {
  readonly stretches: readonly Stretch[];
  /** The active row's place; null if it isn't in the snapshot. */
  readonly active: number | null;
}

export class Choice {
  readonly #rows: RowCache;
  readonly #changed: () => void;
  /** In order, without overlaps. */
  #stretches: readonly Stretch[] = [];
  /** The place of the active row, if any. */
  #active: number | undefined;
  /** It is that very row, not only the place of one that is gone. */
  #isActiveThere = false;
  /** The place from which a range is extended. */
  #from: number | undefined;
  #turn = 0;
  /** The active row wasn't loaded when it was reported. */
  #isUnnamed = false;

  /** @param changed the choice or the active row has changed */
  constructor(rows: RowCache, changed: () => void) {
    this.#rows = rows;
    this.#changed = changed;
  }

  get turn(): number {
    return this.#turn;
  }

  /** The position of the active row; -1 if there is none. */
  get active(): number {
    return this.#active === undefined ? -1 : this.#rows.above + this.#active;
  }

  get count(): number {
    return countOf(this.#stretches);
  }

  has(index: number): boolean {
    return isIn(this.#stretches, index - this.#rows.above);
  }

  /** The ID of the chosen row, if it is the only one, active, and loaded. */
  get only(): string | undefined {
    return this.count === 1 && this.#active !== undefined && isIn(this.#stretches, this.#active)
      ? this.#rows.row(this.active)?.id
      : undefined;
  }

  get all(): ChosenEvents {
    return this.#told(this.#stretches);
  }

  /** The rows for a key: the active row, with the chosen ones if it is one of them. */
  get meant(): ChosenEvents {
    const [active, isThere] = [this.#active, this.#isActiveThere];
    const isAlone = active !== undefined && isThere && !isIn(this.#stretches, active);
    return this.#told(isAlone ? [[active, active]] : this.#stretches);
  }

  /** Activates a row and chooses it, or with `extending` the range to it. */
  go(index: number, extending: boolean): void {
    const place = index - this.#rows.above;
    if (!extending || this.#from === undefined) this.#from = place;
    this.#set([[Math.min(this.#from, place), Math.max(this.#from, place)]], place);
  }

  /** Activates a row, and toggles whether it is chosen. */
  toggle(index: number): void {
    const place = index - this.#rows.above;
    this.#from = place;
    this.#set(toggled(this.#stretches, place), place);
  }

  /** Activates a row without choosing it. */
  move(index: number): void {
    const place = index - this.#rows.above;
    this.#from = place;
    this.#set(this.#stretches, place);
  }

  /** Chooses all rows, loaded or not; the active one stays, or becomes the first. There must be one. */
  chooseAll(): void {
    const { above, total } = this.#rows;
    this.#from = this.#active ?? -above;
    this.#set([[-above, total - above - 1]], this.#from);
  }

  /** For a row's menu: if it isn't chosen, chooses only it. */
  pointAt(index: number): void {
    if (!this.has(index)) this.go(index, false);
  }

  /** Rows were loaded: reports the active one by its ID, if it wasn't loaded before. */
  arrived(): void {
    if (!this.#isUnnamed || this.#rows.row(this.active) === undefined) return;
    this.#isUnnamed = false;
    this.#changed();
  }

  clear(): void {
    this.#from = undefined;
    this.#set([], undefined);
  }

  /** @param stays the position of the active row for the keyboard, if it isn't in the snapshot */
  carry({ stretches, active }: CarriedChoice, stays: number): void {
    this.#stretches = stretches;
    this.#isActiveThere = active !== null;
    this.#active = active ?? (stays === -1 ? undefined : stays - this.#rows.above);
    this.#from = this.#active;
    this.#isUnnamed = false;
  }

  #set(stretches: readonly Stretch[], active: number | undefined): void {
    this.#stretches = stretches;
    this.#active = active;
    this.#isActiveThere = active !== undefined;
    this.#isUnnamed = active !== undefined && this.#rows.row(this.active) === undefined;
    this.#turn += 1;
    this.#changed();
  }

  /** For the extension: loaded rows by ID, which includes all above the snapshot. */
  #told(stretches: readonly Stretch[]): ChosenEvents {
    const rows = this.#rows;
    const idsOf = (from: number, to: number): string[] | undefined => {
      const ids: string[] = [];
      for (let place = from; place <= to; place++) {
        const row = rows.row(rows.above + place);
        if (row === undefined) return undefined;
        if (row !== null) ids.push(row.id);
      }
      return ids;
    };
    const active = this.#active === undefined || !this.#isActiveThere ? undefined : rows.row(this.active)?.id;
    const base = { snapshot: rows.snapshot, active: active ?? null };
    if (countOf(stretches) <= mostNamed) {
      const named = stretches.map(([from, to]) => idsOf(from, to));
      const all = named.filter((ids) => ids !== undefined);
      if (all.length === named.length) return { ...base, stretches: [], ids: all.flat() };
    }
    return {
      ...base,
      stretches: stretches.flatMap(([from, to]): Stretch[] => (to < 0 ? [] : [[Math.max(0, from), to]])),
      ids: stretches.flatMap(([from, to]) => (from < 0 ? (idsOf(from, Math.min(-1, to)) ?? []) : [])),
    };
  }
}

function isIn(stretches: readonly Stretch[], place: number): boolean {
  return stretches.some(([from, to]) => from <= place && place <= to);
}

function countOf(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}

function toggled(stretches: readonly Stretch[], place: number): Stretch[] {
  if (isIn(stretches, place)) {
    return stretches.flatMap(([from, to]): Stretch[] => {
      if (place < from || to < place) return [[from, to]];
      return [
        ...(from < place ? ([[from, place - 1]] satisfies Stretch[]) : []),
        ...(place < to ? ([[place + 1, to]] satisfies Stretch[]) : []),
      ];
    });
  }
  const before = stretches.filter(([, to]) => to < place);
  const after = stretches.filter(([from]) => from > place);
  return [...before, [place, place], ...after];
}
