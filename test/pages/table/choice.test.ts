import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ChosenEvents, RowWindow, TableRow } from '../../../src/extension/event-table/messages.ts';
import { Choice } from '../../../src/pages/table/choice.ts';
import { RowCache, windowSize } from '../../../src/pages/table/row-cache.ts';
import { carriedInto } from '../../../src/relay/history/event-table.ts';

/** An event, by its number; what is filtered and sorted by follows from it and from what became of it. */
interface Event {
  readonly number: number;
  /** Of 3 kinds. */
  kind: number;
}

/** What a key or a menu was about, as the extension resolves it. */
type Acted = readonly number[];

/**
 * The table without its drawing: the page's rows and choice, with an extension and a relay that do what they are for. New
 * events stand above the snapshot, or another is taken.
 */
class Table {
  readonly events: Event[] = [];
  readonly rows = new RowCache();
  readonly choice: Choice;
  filter: number | null = null;
  isNewestFirst = true;
  /** What the page has told last. */
  #told: ChosenEvents = { snapshot: '', stretches: [], ids: [], active: null };
  /** Snapshots as the relay keeps them: the last two. */
  readonly #kept = new Map<string, { base: number; ids: Uint32Array }>();
  #count = 0;

  constructor() {
    this.choice = new Choice(this.rows, () => (this.#told = this.choice.all));
    this.come(450);
    this.take();
  }

  /** Events come. @returns those that the filter finds, newest first */
  come(count: number): Event[] {
    const first = this.events.length + 1;
    const come = Array.from({ length: count }, (_, at) => ({ number: first + at, kind: (first + at) % 3 }));
    this.events.push(...come);
    return come.filter((each) => this.#matches(each)).toReversed();
  }

  /** They are shown above the snapshot. */
  show(events: readonly Event[]): void {
    this.rows.change(events.map(rowOf), []);
  }

  /** Another snapshot: of what the filter finds now, with the windows in which the page is. */
  take(): void {
    const found = this.events.filter((each) => this.#matches(each)).map(({ number }) => number);
    if (this.isNewestFirst) found.reverse();
    const snapshot = { base: 1, ids: Uint32Array.from(found, (number) => number - 1) };
    const carried = carriedInto(snapshot, this.#told, this.#kept.get(this.#told.snapshot));
    const name = `s${++this.#count}`;
    this.#kept.set(name, snapshot);
    for (const oldest of [...this.#kept.keys()].slice(0, -2)) this.#kept.delete(oldest);
    const before = this.choice.active;
    this.rows.begin(name, found.length, [this.#window(name, 0)]);
    this.choice.carry(carried, Math.min(before, found.length - 1));
    this.#told = { snapshot: name, ...carried, ids: [], active: carried.active === null ? null : this.#told.active };
  }

  /** The window that holds a row is there. */
  load(index: number): void {
    const offset = Math.floor((index - this.rows.above) / windowSize) * windowSize;
    if (offset >= 0) this.rows.take(this.#window(this.rows.snapshot, offset), index);
    this.choice.arrived();
  }

  /** The numbers of the rows that the table holds, from the top. */
  get shown(): number[] {
    const above = Array.from({ length: this.rows.above }, (_, at) => numberOf(this.rows.row(at)));
    return [...above, ...this.#idsOf(this.rows.snapshot)];
  }

  /** What the extension makes of it. */
  resolve({ snapshot, stretches, ids }: ChosenEvents): Acted {
    const all = this.#idsOf(snapshot);
    return [
      ...ids.map((id) => Number(id.slice(1))),
      ...stretches.flatMap(([from, to]) => all.slice(from, to + 1)),
    ].toSorted((a, b) => a - b);
  }

  #matches({ kind }: Event): boolean {
    return this.filter === null || kind === this.filter;
  }

  #idsOf(name: string): number[] {
    const { base = 0, ids = [] } = this.#kept.get(name) ?? {};
    return Array.from(ids, (id) => base + id);
  }

  #window(name: string, offset: number): RowWindow {
    const numbers = this.#idsOf(name).slice(offset, offset + windowSize);
    return { offset, rows: numbers.map((number) => rowOf({ number })) };
  }
}

function rowOf({ number }: Pick<Event, 'number'>): TableRow {
  return { id: `e${number}` } as TableRow;
}

function numberOf(row: TableRow | null | undefined): number {
  return Number(row?.id.slice(1));
}

/** What a person would say is chosen: events, whatever of them is loaded. */
interface Model {
  chosen: Set<number>;
  active: number | undefined;
  from: number | undefined;
  /** The active row was there when it became that, or since. */
  isSeen: boolean;
}

type Step = fc.Command<Model, Table>;

/** All that the table holds of the chosen ones, and nothing else. */
function hold(model: Model, { shown }: Table): void {
  const there = new Set(shown);
  model.chosen = new Set([...model.chosen].filter((each) => there.has(each)));
  if (model.active !== undefined && (!there.has(model.active) || !model.isSeen)) model.active = undefined;
  model.from = model.active;
}

function choose(model: Model, table: Table, index: number, extending: boolean): void {
  const { shown } = table;
  const at = shown[index];
  if (!extending || model.from === undefined) model.from = at;
  const from = shown.indexOf(model.from ?? NaN);
  model.chosen = new Set(shown.slice(Math.min(from, index), Math.max(from, index) + 1));
  model.active = at;
  model.isSeen = table.rows.row(index) !== undefined;
}

/** What is drawn as chosen, and counted, is what is chosen. */
function compare(model: Model, table: Table): void {
  const { shown } = table;
  const drawn = shown.filter((_, index) => table.choice.has(index)).toSorted((a, b) => a - b);
  const chosen = [...model.chosen].toSorted((a, b) => a - b);
  assert.deepEqual(drawn, chosen);
  assert.equal(table.choice.count, chosen.length);
  assert.deepEqual(table.resolve(table.choice.all), chosen);
  if (model.active !== undefined) assert.equal(shown[table.choice.active], model.active);
}

/** One thing that happens or that the user does. @param can whether it can be done to the table */
function step(
  name: string,
  does: (model: Model, table: Table) => void,
  can: (table: Table) => boolean = () => true,
): Step {
  return {
    check: () => true,
    run(model, table) {
      if (!can(table)) return;
      does(model, table);
      compare(model, table);
    },
    toString: () => name,
  };
}

const hasRows = (table: Table): boolean => table.rows.total > 0;
/** A row, by how far down the table it is. */
const rowAt = (table: Table, far: number): number => Math.min(table.rows.total - 1, Math.floor(far * table.rows.total));

const far = fc.double({ min: 0, max: 1, noNaN: true });
const steps: fc.Arbitrary<Step>[] = [
  fc.option(fc.nat(2)).map((kind) =>
    step(`filter ${kind}`, (model, table) => {
      table.filter = kind;
      table.take();
      hold(model, table);
    }),
  ),
  fc.constant(
    step('the other order', (model, table) => {
      table.isNewestFirst = !table.isNewestFirst;
      table.take();
      hold(model, table);
    }),
  ),
  fc.nat(60).map((count) =>
    step(`${count} come`, (model, table) => {
      const come = table.come(count);
      if (table.isNewestFirst && table.rows.above < windowSize) table.show(come);
      else {
        table.take();
        hold(model, table);
      }
    }),
  ),
  fc.constant(
    step('another snapshot', (model, table) => {
      table.take();
      hold(model, table);
    }),
  ),
  fc.tuple(far, fc.nat(2)).map(([at, kind]) =>
    step(`something becomes of an event`, (_model, table) => {
      const event = table.events[Math.floor(at * (table.events.length - 1))];
      if (event !== undefined) event.kind = kind;
    }),
  ),
  far.map((at) =>
    step(
      `rows come at ${at}`,
      (model, table) => {
        table.load(rowAt(table, at));
        model.isSeen ||= table.rows.row(table.choice.active) !== undefined;
      },
      hasRows,
    ),
  ),
  fc.tuple(fc.constantFrom('Home', 'End', 'ArrowDown', 'ArrowUp', 'PageDown'), fc.boolean()).map(([key, shift]) =>
    step(
      `${shift ? 'Shift+' : ''}${key}`,
      (model, table) => {
        const { active } = table.choice;
        const last = table.rows.total - 1;
        const to = { Home: 0, End: last, ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + 20 }[key];
        const index = Math.max(0, Math.min(last, to));
        // Where the active row has gone, the keyboard goes on from where it was.
        if (model.from === undefined && active !== -1) model.from = table.shown[active];
        choose(model, table, index, shift);
        table.choice.go(index, shift);
      },
      hasRows,
    ),
  ),
  fc.tuple(far, fc.constantFrom('', 'Shift', 'Ctrl')).map(([at, modifier]) =>
    step(
      `${modifier} click at ${at}`,
      (model, table) => {
        const index = rowAt(table, at);
        // Only what is there can be clicked.
        table.load(index);
        model.isSeen ||= table.rows.row(table.choice.active) !== undefined;
        if (model.from === undefined && table.choice.active !== -1) model.from = table.shown[table.choice.active];
        if (modifier !== 'Ctrl') {
          choose(model, table, index, modifier === 'Shift');
          table.choice.go(index, modifier === 'Shift');
          return;
        }
        const number = table.shown[index] ?? NaN;
        if (!model.chosen.delete(number)) model.chosen.add(number);
        model.active = model.from = number;
        model.isSeen = true;
        table.choice.toggle(index);
      },
      hasRows,
    ),
  ),
  fc.constantFrom(-1, 1, 20).map((by) =>
    step(
      `Ctrl and arrows by ${by}`,
      (model, table) => {
        const index = Math.max(0, Math.min(table.rows.total - 1, table.choice.active + by));
        model.active = model.from = table.shown[index];
        model.isSeen = table.rows.row(index) !== undefined;
        table.choice.move(index);
      },
      hasRows,
    ),
  ),
  fc.constant(
    step(
      'Ctrl+A',
      (model, table) => {
        const index = Math.max(0, table.choice.active);
        model.chosen = new Set(table.shown);
        model.active = model.from = table.shown[index];
        model.isSeen = table.rows.row(index) !== undefined;
        table.choice.chooseAll();
      },
      hasRows,
    ),
  ),
  fc.constant(
    step('a key', (model, table) => {
      const { active, chosen } = model;
      const isAlone = active !== undefined && !chosen.has(active);
      const expected = isAlone ? [active] : [...chosen].toSorted((a, b) => a - b);
      const acted = table.resolve(table.choice.meant);
      assert.deepEqual(acted, expected);
      const { shown } = table;
      assert.ok(
        acted.every((each) => shown.includes(each)),
        'acted on what the table does not hold',
      );
    }),
  ),
  far.map((at) =>
    step(
      `the menu at ${at}`,
      (model, table) => {
        const index = rowAt(table, at);
        table.load(index);
        model.isSeen ||= table.rows.row(table.choice.active) !== undefined;
        if (!model.chosen.has(table.shown[index] ?? NaN)) choose(model, table, index, false);
        table.choice.pointAt(index);
        const acted = table.resolve(table.choice.all);
        assert.deepEqual(
          acted,
          [...model.chosen].toSorted((a, b) => a - b),
        );
        assert.ok(acted.includes(table.shown[index] ?? NaN));
      },
      hasRows,
    ),
  ),
];

describe('What is chosen in the table', () => {
  it('is what is seen, whatever is filtered, sorted, clicked, typed and comes meanwhile', () => {
    fc.assert(
      fc.property(fc.commands(steps, { maxCommands: 40, size: 'max' }), (commands) => {
        fc.modelRun(
          () => ({
            model: { chosen: new Set<number>(), active: undefined, from: undefined, isSeen: true },
            real: new Table(),
          }),
          commands,
        );
      }),
      { numRuns: 300 },
    );
  });

  it('is none of what was filtered away', () => {
    const table = new Table();
    table.choice.go(0, false);
    table.choice.go(4, true);
    assert.equal(table.choice.count, 5);
    table.filter = 2;
    table.take();
    const acted = table.resolve(table.choice.meant);
    assert.ok(acted.length > 0 && acted.every((each) => each % 3 === 2), acted.join());
  });

  it('is all from the first to the last where more are chosen than are loaded, and one more', () => {
    const table = new Table();
    table.come(1050);
    table.take();
    table.choice.go(0, false);
    table.choice.go(1499, true);
    assert.equal(table.choice.count, 1500);
    assert.deepEqual(table.choice.meant.stretches, [[0, 1499]]);
    assert.equal(table.resolve(table.choice.meant).length, 1500);
    table.load(700);
    table.choice.toggle(700);
    table.choice.toggle(700);
    assert.equal(table.resolve(table.choice.meant).length, 1500);
  });

  it('is the active row alone where that is none of the chosen ones', () => {
    const table = new Table();
    for (const index of [1, 2]) table.choice.toggle(index);
    table.choice.toggle(5);
    table.choice.toggle(5);
    assert.deepEqual(table.resolve(table.choice.meant), [445]);
    assert.deepEqual(table.resolve(table.choice.all), [448, 449]);
  });
});
