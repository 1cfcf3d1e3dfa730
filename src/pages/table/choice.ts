/**
 * Which rows are chosen: stretches of places in the snapshot that is shown, so that nothing is chosen which the table does
 * not hold; and the active row, from which the keyboard goes on. A place is counted from the top of the snapshot, so that
 * it stays when rows come above it: those have places below 0.
 */
import type { ChosenEvents, Stretch } from '../../extension/event-table/messages.ts';
import type { RowCache } from './row-cache.ts';

/** So many rows are named; of more, stretches of the snapshot are told. */
const mostNamed = 1000;

/** What another snapshot says of the choice. */
export interface CarriedChoice {
  readonly stretches: readonly Stretch[];
  /** The active row's place; null where it is not in the snapshot. */
  readonly active: number | null;
}

export class Choice {
  readonly #rows: RowCache;
  readonly #changed: () => void;
  /** In order, apart from each other. */
  #stretches: readonly Stretch[] = [];
  /** The place of the active row; undefined where there is none. */
  #active: number | undefined;
  /** It is that very row, and not the place where one was that has gone. */
  #isActiveThere = false;
  /** The place from where a stretch is extended. */
  #from: number | undefined;
  #turn = 0;
  /** The active row was not there yet when it was told. */
  #isUnnamed = false;

  /** @param changed something else is chosen, or another row is active */
  constructor(rows: RowCache, changed: () => void) {
    this.#rows = rows;
    this.#changed = changed;
  }

  /** Counts the choices. */
  get turn(): number {
    return this.#turn;
  }

  /** The position of the active row; -1 where there is none. */
  get active(): number {
    return this.#active === undefined ? -1 : this.#rows.above + this.#active;
  }

  /** How many rows are chosen. */
  get count(): number {
    return countOf(this.#stretches);
  }

  has(index: number): boolean {
    return isIn(this.#stretches, index - this.#rows.above);
  }

  /** The id of the one row that is chosen, where it is the active one and there. */
  get only(): string | undefined {
    return this.count === 1 && this.#active !== undefined && isIn(this.#stretches, this.#active)
      ? this.#rows.row(this.active)?.id
      : undefined;
  }

  /** What is chosen. */
  get all(): ChosenEvents {
    return this.#told(this.#stretches);
  }

  /** What a key acts on: the active row, with the chosen ones where it is one of them. */
  get meant(): ChosenEvents {
    const [active, isThere] = [this.#active, this.#isActiveThere];
    const isAlone = active !== undefined && isThere && !isIn(this.#stretches, active);
    return this.#told(isAlone ? [[active, active]] : this.#stretches);
  }

  /** Makes a row the active one and chooses it, or with `extending` all from where that began. */
  go(index: number, extending: boolean): void {
    const place = index - this.#rows.above;
    if (!extending || this.#from === undefined) this.#from = place;
    this.#set([[Math.min(this.#from, place), Math.max(this.#from, place)]], place);
  }

  /** Makes a row the active one, and adds it to what is chosen or takes it away. */
  toggle(index: number): void {
    const place = index - this.#rows.above;
    this.#from = place;
    this.#set(toggled(this.#stretches, place), place);
  }

  /** Makes a row the active one, and chooses nothing else. */
  move(index: number): void {
    const place = index - this.#rows.above;
    this.#from = place;
    this.#set(this.#stretches, place);
  }

  /** Chooses all rows, loaded or not; the active one stays, or is the first. There is one. */
  chooseAll(): void {
    const { above, total } = this.#rows;
    this.#from = this.#active ?? -above;
    this.#set([[-above, total - above - 1]], this.#from);
  }

  /** Something is asked about a row: where it is not chosen, it alone is. */
  pointAt(index: number): void {
    if (!this.has(index)) this.go(index, false);
  }

  /** Rows have come: one that became the active one before is told by its name. */
  arrived(): void {
    if (!this.#isUnnamed || this.#rows.row(this.active) === undefined) return;
    this.#isUnnamed = false;
    this.#changed();
  }

  /** Nothing is chosen any more. */
  clear(): void {
    this.#from = undefined;
    this.#set([], undefined);
  }

  /**
   * Another snapshot is shown.
   * @param carried what it says of the choice
   * @param stays the position where the active row may be, for the keyboard to go on from, where it is not in there
   */
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

  /** For the extension: rows that are there by their ids, what stands above the snapshot in any case. */
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

/** These stretches with a place more, or without it. */
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
