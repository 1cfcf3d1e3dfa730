import assert from 'node:assert/strict';
import fc from 'fast-check';
import { maxChosen } from '../../../src/protocol/event-filter.ts';
import type { ChosenEvents, TableRow } from '../../../src/extension/event-table/messages.ts';
import { Choice } from '../../../src/pages/table/choice.ts';
import { RowCache, windowSize } from '../../../src/pages/table/row-cache.ts';
import { leftOf, leftToChoose } from './left-of-choice.ts';

/** An event, by its number; what is filtered and sorted by follows from it and from what became of it. */
interface Event {
  readonly number: number;
  /** Of 3 kinds. */
  kind: number;
}

interface View {
  readonly generation: number;
  readonly filter: string;
  readonly isNewestFirst: boolean;
  readonly before: string;
  readonly total: number;
}

/** What a key or a menu was about, as the relay resolves it. */
type Acted = readonly number[];

/**
 * The table without its drawing: the page's rows and choice, with an extension and a relay that do what they are for. New
 * events stand above the view, or another begins.
 */
class Table {
  readonly events: Event[] = [];
  readonly rows = new RowCache();
  readonly choice: Choice;
  filter: number | null = null;
  isNewestFirst = true;
  /** What the page has told last. */
  #told: ChosenEvents = { ids: [], active: null };
  #view: View = { generation: 0, filter: '', isNewestFirst: true, before: 'e1', total: 0 };
  /** The range that the page has asked for. */
  #asked: { turn: number; generation: number; from: number; to: number } | undefined;

  constructor(count = 450) {
    this.choice = new Choice(this.rows, {
      choose: () => (this.#told = this.choice.all),
      range: (from, to) => (this.#asked = { turn: this.choice.turn, generation: this.rows.view.generation, from, to }),
    });
    this.come(count);
    this.take();
  }

  /** Events come. @returns those that the filter finds, newest first */
  come(count: number): Event[] {
    const first = this.events.length + 1;
    const come = Array.from({ length: count }, (_, at) => ({ number: first + at, kind: (first + at) % 3 }));
    this.events.push(...come);
    return come.filter(({ kind }) => this.filter === null || kind === this.filter).toReversed();
  }

  /** They are shown above the view. */
  show(events: readonly Event[]): void {
    this.rows.change(events.map(rowOf), []);
  }

  /** Another view: of what the filter finds now, with the window in which the page is. */
  take(): void {
    const filter = String(this.filter ?? '');
    const { length } = this.events;
    const found = this.#found({ filter, isNewestFirst: this.isNewestFirst, before: `e${length + 1}` });
    const before = this.choice.active;
    this.#view = {
      generation: this.#view.generation + 1,
      ...{ filter, isNewestFirst: this.isNewestFirst, before: `e${length + 1}`, total: found.length },
    };
    const windows = [{ offset: 0, rows: found.slice(0, windowSize).map((number) => rowOf({ number })) }];
    const chosen = leftOf(this.#told, filter, found);
    const left = this.choice.leftIn({ turn: this.choice.turn, chosen, windows });
    assert.ok(left);
    this.rows.begin({ ...this.#view, windows });
    this.choice.carry(left, Math.min(before, found.length - 1));
    this.#told = leftToChoose(this.#told, filter, left);
  }

  /** The window that holds a row is read. @returns whether it moved meanwhile, so that another view is needed */
  load(index: number): boolean {
    const offset = Math.floor((index - this.rows.above) / windowSize) * windowSize;
    const found = this.#found(this.#view);
    if (offset >= 0) {
      const rows = found.slice(offset, offset + windowSize).map((number) => rowOf({ number }));
      this.rows.take({ offset, rows }, index);
    }
    this.choice.arrived();
    return found.length !== this.#view.total;
  }

  /** The range that was asked for is read. @returns whether it was, and is the choice */
  answer(): boolean {
    const asked = this.#asked;
    this.#asked = undefined;
    if (asked === undefined) return false;
    const found = this.#found(this.#view);
    const isSame = asked.generation === this.#view.generation && found.length === this.#view.total;
    const { turn } = this.choice;
    const ids = isSame ? found.slice(asked.from, asked.to + 1).map((number) => `e${number}`) : [];
    this.choice.complete(asked.turn, ids);
    return this.choice.turn !== turn;
  }

  /** Whether a range is being read that is still to be chosen. */
  get isAsked(): boolean {
    return this.#asked?.turn === this.choice.turn;
  }

  /** The number of the row at a position; undefined if it isn't loaded. */
  number(index: number): number | undefined {
    const id = this.rows.row(index)?.id;
    return id === undefined ? undefined : Number(id.slice(1));
  }

  /** The numbers of the loaded rows, from the top. */
  get shown(): number[] {
    return Array.from({ length: this.rows.total }, (_, at) => this.number(at)).filter((each) => each !== undefined);
  }

  /** What the relay makes of it. */
  resolve(chosen: ChosenEvents | undefined): Acted {
    if (chosen === undefined) return [];
    if ('ids' in chosen) return sorted(chosen.ids.map((id) => Number(id.slice(1))));
    const found = this.find(chosen.filter).filter((number) => number < Number(chosen.before.slice(1)));
    return found.filter((number) => !chosen.except.includes(`e${number}`));
  }

  /** What a filter finds now, oldest first. */
  find(filter: string): number[] {
    return this.events.flatMap(({ kind, number }) => (filter === '' || String(kind) === filter ? [number] : []));
  }

  #found({ filter, before, isNewestFirst }: Omit<View, 'generation' | 'total'>): number[] {
    const found = this.find(filter).filter((number) => number < Number(before.slice(1)));
    return isNewestFirst ? found.reverse() : found;
  }
}

function rowOf({ number }: Pick<Event, 'number'>): TableRow {
  return { id: `e${number}` } as TableRow;
}

const sorted = (numbers: Iterable<number>): number[] => [...numbers].toSorted((a, b) => a - b);

/** What a person would say is chosen: events, or all up to one but for some, as many as were there when last counted. */
interface Model {
  chosen: Set<number>;
  all: { readonly filter: string; readonly until: number; readonly except: Set<number>; count: number } | undefined;
  /** The active event; undefined if there is none, or it was not seen yet. */
  active: number | undefined;
  /** There is an active place, the event of which was not seen yet. */
  isUnseen: boolean;
  /** The place from which a range goes, from the top of the view. */
  from: number | undefined;
}

type Step = fc.Command<Model, Table>;

/** Another view: all that it holds of the chosen ones, and nothing else. */
function take(model: Model, table: Table): void {
  answer(model, table);
  table.take();
  const found = table.find(String(table.filter ?? ''));
  const there = new Set(found);
  model.chosen = new Set([...model.chosen].filter((each) => there.has(each)));
  if (model.all !== undefined && model.all.filter !== String(table.filter ?? '')) model.all = undefined;
  const { all } = model;
  if (all !== undefined) all.count = found.filter((each) => each <= all.until && !all.except.has(each)).length;
  if (model.active !== undefined && !there.has(model.active)) model.active = undefined;
  model.isUnseen = false;
  model.from = table.choice.active === -1 ? undefined : table.choice.active;
}

/** A range arrives: what the relay finds in it, where the rows that are seen of it are still there. */
function answer(model: Model, table: Table): void {
  if (table.answer()) model.chosen = new Set(table.resolve(table.choice.all));
}

function activate(model: Model, table: Table, index: number): void {
  model.active = table.number(index);
  model.isUnseen = model.active === undefined;
}

function load(model: Model, table: Table, index: number): void {
  const hasMoved = table.load(index);
  if (model.isUnseen) activate(model, table, table.choice.active);
  if (hasMoved) take(model, table);
}

function choose(model: Model, table: Table, index: number, extending: boolean): void {
  const place = index - table.rows.above;
  if (!extending || model.from === undefined) model.from = place;
  const [first, last] = [Math.min(model.from, place), Math.max(model.from, place)];
  const numbers = Array.from({ length: last - first + 1 }, (_, at) => table.number(table.rows.above + first + at));
  // Where some are not there, all are, once they are.
  model.chosen = new Set(numbers.includes(undefined) ? [] : numbers.filter((each) => each !== undefined));
  model.all = undefined;
  activate(model, table, index);
}

function isChosen({ chosen, all }: Model, number: number): boolean {
  return all === undefined ? chosen.has(number) : number <= all.until && !all.except.has(number);
}

/** What is chosen now. */
function resolve({ chosen, all }: Model, table: Table): number[] {
  if (all === undefined) return sorted(chosen);
  return table.find(all.filter).filter((each) => each <= all.until && !all.except.has(each));
}

/** What is drawn as chosen, and counted, is what is chosen. */
function compare(model: Model, table: Table): void {
  const { choice, rows } = table;
  for (let index = 0; index < rows.total; index++) {
    const number = table.number(index);
    assert.equal(choice.has(index), number !== undefined && isChosen(model, number), `row ${index}`);
  }
  assert.equal(choice.count, model.all?.count ?? model.chosen.size);
  assert.deepEqual(table.resolve(choice.all), resolve(model, table));
  if (model.active !== undefined && table.number(choice.active) !== undefined)
    assert.equal(table.number(choice.active), model.active);
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
      take(model, table);
    }),
  ),
  fc.constant(
    step('the other order', (model, table) => {
      table.isNewestFirst = !table.isNewestFirst;
      take(model, table);
    }),
  ),
  fc.nat(60).map((count) =>
    step(`${count} come`, (model, table) => {
      const come = table.come(count);
      // With a filter, another view is read.
      if (table.filter === null && table.isNewestFirst && table.rows.above < windowSize) table.show(come);
      else take(model, table);
    }),
  ),
  fc.constant(step('another view', take)),
  fc.constant(step('a range is read', answer)),
  fc.tuple(far, fc.nat(2)).map(([at, kind]) =>
    step(`something becomes of an event`, (_model, table) => {
      const event = table.events[Math.floor(at * (table.events.length - 1))];
      if (event !== undefined) event.kind = kind;
    }),
  ),
  far.map((at) => step(`rows come at ${at}`, (model, table) => load(model, table, rowAt(table, at)), hasRows)),
  fc.tuple(fc.constantFrom('Home', 'End', 'ArrowDown', 'ArrowUp', 'PageDown'), fc.boolean()).map(([key, shift]) =>
    step(
      `${shift ? 'Shift+' : ''}${key}`,
      (model, table) => {
        const { active } = table.choice;
        const last = table.rows.total - 1;
        const to = { Home: 0, End: last, ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + 20 }[key];
        const index = Math.max(0, Math.min(last, to));
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
        // Only what is there can be clicked.
        load(model, table, rowAt(table, at));
        const index = rowAt(table, at);
        const number = table.number(index);
        if (number === undefined) return;
        if (modifier !== 'Ctrl') {
          choose(model, table, index, modifier === 'Shift');
          table.choice.go(index, modifier === 'Shift');
          return;
        }
        const { all, chosen } = model;
        // What came after all were chosen is none of them.
        if (all === undefined) toggle(chosen, number);
        else if (number <= all.until) all.count += toggle(all.except, number) ? -1 : 1;
        model.from = index - table.rows.above;
        table.choice.toggle(index);
        activate(model, table, index);
      },
      hasRows,
    ),
  ),
  fc.constantFrom(-1, 1, 20).map((by) =>
    step(
      `Ctrl and arrows by ${by}`,
      (model, table) => {
        const index = Math.max(0, Math.min(table.rows.total - 1, table.choice.active + by));
        model.from = index - table.rows.above;
        activate(model, table, index);
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
        const { total, view, before } = table.rows;
        const until = Number(before.slice(1)) - 1;
        model.chosen = new Set();
        model.all = { filter: view.filter, until, except: new Set(), count: total };
        model.from = index - table.rows.above;
        activate(model, table, index);
        table.choice.chooseAll();
      },
      hasRows,
    ),
  ),
  fc.constant(
    step('a key', (model, table) => {
      const { active } = model;
      const isAlone = active !== undefined && !isChosen(model, active) && !table.isAsked;
      const acted = table.resolve(table.choice.meant);
      assert.deepEqual(acted, isAlone ? [active] : table.choice.count === 0 ? [] : resolve(model, table));
      assert.ok(
        table.shown.every((each) => !acted.includes(each) || each === active || isChosen(model, each)),
        'acted on what is not drawn as chosen',
      );
    }),
  ),
  far.map((at) =>
    step(
      `the menu at ${at}`,
      (model, table) => {
        load(model, table, rowAt(table, at));
        const index = rowAt(table, at);
        const number = table.number(index);
        if (number === undefined) return;
        if (!isChosen(model, number)) choose(model, table, index, false);
        if (!table.choice.has(index)) table.choice.go(index, false);
        assert.deepEqual(table.resolve(table.choice.all), resolve(model, table));
      },
      hasRows,
    ),
  ),
];

/** @returns whether it is in it now */
function toggle(numbers: Set<number>, number: number): boolean {
  if (numbers.delete(number)) return false;
  numbers.add(number);
  return true;
}

describe('What is chosen in the table', () => {
  it('is what is seen, whatever is filtered, sorted, clicked, typed and comes meanwhile', () => {
    fc.assert(
      fc.property(fc.commands(steps, { maxCommands: 40, size: 'max' }), (commands) => {
        fc.modelRun(
          () => ({
            model: { chosen: new Set<number>(), all: undefined, active: undefined, isUnseen: false, from: undefined },
            real: new Table(),
          }),
          commands,
        );
      }),
      { numRuns: 300 },
    );
  });

  it('is all from the first to the last where more are chosen than are loaded, once they are read', () => {
    const table = new Table(1500);
    table.choice.go(0, false);
    table.choice.go(1499, true);
    assert.deepEqual([table.choice.count, table.isAsked], [0, true]);
    assert.equal(table.choice.meant, undefined);
    assert.equal(table.answer(), true);
    assert.deepEqual([table.choice.count, table.isAsked], [1500, false]);
    assert.equal(table.resolve(table.choice.meant).length, 1500);
  });

  it('is at most ten thousand of a range, from where that begins', () => {
    const table = new Table(maxChosen + 500);
    table.choice.go(100, false);
    table.choice.go(maxChosen + 499, true);
    table.answer();
    assert.equal(table.choice.count, maxChosen);
    const acted = table.resolve(table.choice.all);
    assert.deepEqual([acted.at(-1), acted[0]], [maxChosen + 400, 401]);
  });

  it('is with all that match those that come to match, and none that come later or are left out', () => {
    const table = new Table(9);
    table.filter = 0;
    table.take();
    table.choice.chooseAll();
    table.choice.toggle(1);
    table.show(table.come(3));
    assert.deepEqual(table.resolve(table.choice.meant), [6]);
    assert.deepEqual([table.resolve(table.choice.all), table.choice.count], [[3, 9], 2]);
    const [first] = table.events;
    if (first !== undefined) first.kind = 0;
    table.take();
    assert.deepEqual([table.resolve(table.choice.all), table.choice.count], [[1, 3, 9], 3]);
  });
});
