/** What a hand does in the table, in any order: the page in Chromium, beside what a person would say is selected. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Browser } from 'playwright-core';
import { countRuns } from '../../long.ts';
import type { ChosenEvents } from '../../../src/extension/event-table/messages.ts';
import { launchBrowser } from '../../vscode/browser.ts';
import { leftOf, leftToChoose } from './left-of-choice.ts';
import { openTablePage, rowOf, viewOf, type TablePage } from './table-page.ts';

/** What a person would say: numbers of events. */
interface Model {
  chosen: Set<number>;
  /** All were selected that the filter finds up to an event, except some; undefined if it was others. */
  all?: { readonly filter: string; readonly until: number; readonly except: Set<number> } | undefined;
  active: number | undefined;
}

/** The page, with an extension and a relay that answer it. */
class Table {
  readonly #page: TablePage;
  readonly #kinds: number[] = [];
  #filter: number | null = null;
  #isNewestFirst = true;
  #above: number[] = [];
  #generation = 0;
  #found: readonly number[] = [];
  /** What is chosen as the extension knows it: as the page has told it, then as a view has it. */
  #told: ChosenEvents = { ids: [], active: null };
  #turn = 0;
  #heard = 0;

  constructor(page: TablePage) {
    this.#page = page;
  }

  get filterText(): string {
    return this.#filter === null ? '' : `kind ${this.#filter}`;
  }

  /** The number of the last event. */
  get last(): number {
    return this.#kinds.length;
  }

  /** The numbers of the rows in the table, from the top. */
  get shown(): number[] {
    return [...this.#above, ...this.#found];
  }

  async come(count: number): Promise<void> {
    const first = this.#kinds.length + 1;
    for (let at = 0; at < count; at++) this.#kinds.push((first + at) % 3);
    if (this.#generation === 0 || !this.#isNewestFirst) return this.take();
    const added = this.#find().filter((number) => number >= first);
    this.#above = [...added, ...this.#above];
    return this.#page.tell({ type: 'live', generation: this.#generation, added: added.map(rowOf), changed: [] });
  }

  /** Something becomes of an event, so that the filter finds it no more, or now. */
  change(at: number): void {
    const kind = this.#kinds[at];
    if (kind !== undefined) this.#kinds[at] = (kind + 1) % 3;
  }

  async filter(kind: number | null): Promise<void> {
    this.#filter = kind;
    await this.#page.tell({ type: 'filter', filter: this.filterText, offered: [] });
    await this.take();
  }

  async turnOrder(): Promise<void> {
    await this.#page.stage.page.getByRole('columnheader', { name: 'Time' }).click();
    this.#isNewestFirst = !this.#isNewestFirst;
    await this.take();
  }

  /** Another view, read again where the page refuses it. */
  async take(): Promise<void> {
    const { said, tell } = this.#page;
    const found = this.#find();
    const filter = this.filterText;
    this.#generation += 1;
    for (let tries = 0; tries < 5; tries++) {
      await this.#hear();
      const anchor = (await said('see')).at(-1)?.sight.anchor?.id ?? null;
      const chosen = leftOf(this.#told, filter, found);
      const at = anchor === null ? -1 : found.indexOf(Number(anchor.slice(1)));
      const before = (await said('see')).filter(({ again }) => again).length;
      await tell(
        viewOf({
          ...{
            generation: this.#generation,
            filter,
            before: `e${this.#kinds.length + 1}`,
            total: found.length,
            anchor,
          },
          ...{ sort: { by: 'time', descending: this.#isNewestFirst }, at: at === -1 ? null : at },
          ...{ turn: this.#turn, chosen, windows: [{ offset: 0, rows: found.map(rowOf) }] },
        }),
      );
      if ((await said('see')).filter(({ again }) => again).length > before) continue;
      [this.#found, this.#above] = [found, []];
      this.#told = leftToChoose(this.#told, filter, chosen);
      return;
    }
    throw new Error('the page takes no view');
  }

  /** Presses a key in the rows. @returns the numbers of the events that it acts on */
  async key(name: string): Promise<number[]> {
    const { stage, said } = this.#page;
    await stage.page.getByRole('grid').focus();
    const before = (await said('act')).length;
    await stage.page.keyboard.press(name);
    const act = (await said('act'))[before];
    return act === undefined ? [] : this.#resolve(act.chosen);
  }

  async click(index: number, modifiers: ('Control' | 'Shift')[]): Promise<void> {
    await (await this.#row(index)).click({ modifiers });
  }

  /** @returns what the menu of a row is about */
  async menu(index: number): Promise<number[]> {
    const row = await this.#row(index);
    await row.dispatchEvent('contextmenu');
    const { chosen } = JSON.parse((await row.getAttribute('data-vscode-context')) ?? '') as { chosen: ChosenEvents };
    return this.#resolve(chosen);
  }

  /** The rows that are drawn, by their positions: whether each is drawn as selected. */
  async drawn(): Promise<(readonly [index: number, isSelected: boolean])[]> {
    return this.#page.stage.page.evaluate<[number, boolean][]>(
      `new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))).then(() =>
        [...document.querySelectorAll('.rows:not([hidden]) > .row:not([hidden])')].map((row) =>
          [row.ariaRowIndex - 2, row.ariaSelected === 'true']))`,
    );
  }

  /** Takes what the page has told since. */
  async #hear(): Promise<void> {
    const all = await this.#page.said('choose');
    const last = all.at(-1);
    if (last !== undefined && all.length > this.#heard) [this.#told, this.#turn] = [last.chosen, last.turn];
    this.#heard = all.length;
  }

  async #row(index: number): Promise<ReturnType<TablePage['stage']['page']['locator']>> {
    const { page } = this.#page.stage;
    await page.evaluate(`document.querySelector('[role=grid]').scrollTop = ${index * 22 - 66}`);
    const row = page.locator(`.rows > .row:not([hidden])[aria-rowindex="${index + 2}"]`);
    await row.waitFor();
    return row;
  }

  #find(filter = this.#filter): number[] {
    const found = this.#kinds.flatMap((kind, at) => (filter === null || kind === filter ? [at + 1] : []));
    return this.#isNewestFirst ? found.reverse() : found;
  }

  #resolve(chosen: ChosenEvents): number[] {
    if ('ids' in chosen) return sorted(chosen.ids.map((id) => Number(id.slice(1))));
    const found = this.#find(chosen.filter === '' ? null : Number(chosen.filter.slice('kind '.length)));
    return sorted(
      found.filter((number) => number < Number(chosen.before.slice(1)) && !chosen.except.includes(`e${number}`)),
    );
  }
}

type Step = fc.AsyncCommand<Model, Table>;

/** All that the table holds of the chosen ones, and nothing else. */
function hold(model: Model, { shown, filterText }: Table): void {
  const { all } = model;
  if (all?.filter === filterText)
    model.chosen = new Set(shown.filter((each) => each <= all.until && !all.except.has(each)));
  else if (all !== undefined) {
    model.all = undefined;
    model.chosen = new Set();
  }
  model.chosen = new Set(shown.filter((each) => model.chosen.has(each)));
  if (model.active !== undefined && !shown.includes(model.active)) model.active = undefined;
}

/** What is drawn as selected is what is selected. */
async function compare(model: Model, table: Table): Promise<void> {
  const { shown } = table;
  for (const [index, isSelected] of await table.drawn())
    assert.equal(isSelected, model.chosen.has(shown[index] ?? NaN), `row ${index}, e${shown[index]}`);
}

function step(name: string, does: (model: Model, table: Table) => Promise<void>): Step {
  return {
    check: () => true,
    run: async (model, table) => {
      await does(model, table);
      await compare(model, table);
    },
    toString: () => name,
  };
}

const sorted = (numbers: Iterable<number>): number[] => [...numbers].toSorted((a, b) => a - b);
const far = fc.double({ min: 0, max: 0.999, noNaN: true });

/** What came after all were selected is none of them. */
function toggle({ chosen, all }: Model, number: number): void {
  if (all !== undefined && number > all.until) return;
  if (chosen.delete(number)) all?.except.add(number);
  else {
    chosen.add(number);
    all?.except.delete(number);
  }
}

/** Selects from where the keyboard is to a row. */
function extend(model: Model, shown: readonly number[], to: number): void {
  const from = shown.indexOf(model.active ?? NaN);
  model.chosen = new Set(shown.slice(Math.min(from, to), Math.max(from, to) + 1));
}

const steps: fc.Arbitrary<Step>[] = [
  fc.option(fc.nat(2)).map((kind) =>
    step(`filter ${kind}`, async (model, table) => {
      await table.filter(kind);
      hold(model, table);
    }),
  ),
  fc.constant(
    step('the other order', async (model, table) => {
      await table.turnOrder();
      hold(model, table);
    }),
  ),
  fc.nat(4).map((count) =>
    step(`${count} come`, async (model, table) => {
      await table.come(count);
      hold(model, table);
    }),
  ),
  fc.nat(20).map((at) =>
    step(`something becomes of e${at + 1}`, async (model, table) => {
      table.change(at);
      await table.take();
      hold(model, table);
    }),
  ),
  fc.constantFrom('Home', 'End', 'ArrowDown').map((name) =>
    step(name, async (model, table) => {
      const { shown } = table;
      // Where the active row has gone, the keyboard goes on from where it was: of that a person says nothing.
      if (shown.length === 0 || (name === 'ArrowDown' && model.active === undefined)) return;
      const at = name === 'ArrowDown' ? shown.indexOf(model.active ?? NaN) + 1 : name === 'Home' ? 0 : Infinity;
      assert.deepEqual(await table.key(name), []);
      model.active = shown[Math.min(shown.length - 1, at)];
      model.chosen = new Set(model.active === undefined ? [] : [model.active]);
      model.all = undefined;
    }),
  ),
  fc.tuple(far, fc.constantFrom<'' | 'Control' | 'Shift'>('', 'Control', 'Shift')).map(([at, modifier]) =>
    step(`${modifier} click at ${at}`, async (model, table) => {
      const { shown } = table;
      const index = Math.floor(at * shown.length);
      const number = shown[index];
      if (number === undefined) return;
      if (modifier === 'Shift') {
        // From a row that is active alone: from where a stretch began is not for this model to say.
        if (model.active === undefined || model.chosen.size !== 1 || !model.chosen.has(model.active)) return;
        await table.click(index, ['Shift']);
        extend(model, shown, index);
      } else if (modifier === 'Control') {
        await table.click(index, ['Control']);
        toggle(model, number);
      } else {
        await table.click(index, []);
        model.chosen = new Set([number]);
      }
      if (modifier !== 'Control') model.all = undefined;
      model.active = number;
    }),
  ),
  fc.constant(
    step('Control click at the active row', async (model, table) => {
      const { active } = model;
      if (active === undefined) return;
      await table.click(table.shown.indexOf(active), ['Control']);
      toggle(model, active);
    }),
  ),
  fc.constant(
    step('Control+a', async (model, table) => {
      const { shown } = table;
      if (shown.length === 0 || model.active === undefined) return;
      assert.deepEqual(await table.key('Control+a'), []);
      model.all = { filter: table.filterText, until: table.last, except: new Set() };
      model.chosen = new Set(shown);
    }),
  ),
  fc.constantFrom('Control+r', 'Delete', 'Control+c').map((name) =>
    step(name, async ({ chosen, active }, table) => {
      const meant = active !== undefined && !chosen.has(active) ? [active] : chosen;
      assert.deepEqual(await table.key(name), sorted(meant));
    }),
  ),
  far.map((at) =>
    step(`the menu at ${at}`, async (model, table) => {
      const { shown } = table;
      const index = Math.floor(at * shown.length);
      const number = shown[index];
      if (number === undefined) return;
      const about = await table.menu(index);
      if (!model.chosen.has(number)) {
        model.all = undefined;
        model.chosen = new Set([number]);
        model.active = number;
      }
      assert.deepEqual(about, sorted(model.chosen));
    }),
  ),
];

describe('The table’s page, whatever is done to it', () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  it('acts on what is seen, and on nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(steps, { maxCommands: 25, size: 'max' }), async (commands) => {
        const page = await openTablePage(browser);
        page.stage.page.setDefaultTimeout(5000);
        try {
          const table = new Table(page);
          await table.come(40);
          await fc.asyncModelRun(
            () => ({ model: { chosen: new Set<number>(), active: undefined }, real: table }),
            commands,
          );
        } finally {
          await page.stage.close();
        }
      }),
      { numRuns: countRuns(12), endOnFailure: true },
    );
  }).timeout(180_000);
});
