/** What a hand does in the table, in any order: the page in Chromium, beside what a person would say is selected. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Browser } from 'playwright-core';
import { countRuns } from '../../long.ts';
import type { ChosenEvents } from '../../../src/extension/event-table/messages.ts';
import { carriedInto } from '../../../src/relay/history/event-table.ts';
import { launchBrowser } from '../../vscode/browser.ts';
import { openTablePage, rowOf } from './table-page.ts';
import type { TablePage } from './table-page.ts';

/** What a person would say: numbers of events. */
interface Model {
  chosen: Set<number>;
  active: number | undefined;
}

/** The page, with an extension and a relay that answer it. */
class Table {
  readonly #page: TablePage;
  readonly #kinds: number[] = [];
  readonly #kept = new Map<string, { base: number; ids: Uint32Array }>();
  #filter: number | null = null;
  #isNewestFirst = true;
  #above: number[] = [];
  #name = '';
  /** What is chosen as the extension knows it: as the page has told it, then as a snapshot has it. */
  #told: ChosenEvents = { snapshot: '', stretches: [], ids: [], active: null };
  #turn = 0;
  #heard = 0;

  constructor(page: TablePage) {
    this.#page = page;
  }

  /** The numbers of the rows in the table, from the top. */
  get shown(): number[] {
    return [...this.#above, ...this.#idsOf(this.#name)];
  }

  async come(count: number): Promise<void> {
    const first = this.#kinds.length + 1;
    for (let at = 0; at < count; at++) this.#kinds.push((first + at) % 3);
    if (this.#name === '' || !this.#isNewestFirst) return this.take();
    const added = this.#found().filter((number) => number >= first);
    this.#above = [...added, ...this.#above];
    return this.#page.tell({ type: 'live', snapshot: this.#name, added: added.map(rowOf), changed: [] });
  }

  /** Something becomes of an event, so that the filter finds it no more, or now. */
  change(at: number): void {
    const kind = this.#kinds[at];
    if (kind !== undefined) this.#kinds[at] = (kind + 1) % 3;
  }

  async filter(kind: number | null): Promise<void> {
    this.#filter = kind;
    await this.#page.tell({ type: 'filter', filter: kind === null ? '' : `kind ${kind}`, offered: [] });
    await this.take();
  }

  async turnOrder(): Promise<void> {
    await this.#page.stage.page.getByRole('columnheader', { name: 'Time' }).click();
    this.#isNewestFirst = !this.#isNewestFirst;
    await this.take();
  }

  /** Another snapshot, taken again where the page refuses it. */
  async take(): Promise<void> {
    const { said, tell } = this.#page;
    const found = this.#found();
    const snapshot = { base: 1, ids: Uint32Array.from(found, (number) => number - 1) };
    const name = `s${this.#kept.size + 1}`;
    for (let tries = 0; tries < 5; tries++) {
      await this.#hear();
      const anchor = (await said('see')).at(-1)?.sight.anchor?.id ?? null;
      const { stretches, active } = carriedInto(snapshot, this.#told, this.#kept.get(this.#told.snapshot));
      const at = anchor === null ? -1 : found.indexOf(Number(anchor.slice(1)));
      const before = (await said('see')).filter(({ again }) => again).length;
      await tell({
        ...{ type: 'snapshot', snapshot: name, total: found.length, unseen: 0 },
        ...{ sort: { by: 'time', descending: this.#isNewestFirst }, anchor, at: at === -1 ? null : at },
        ...{ turn: this.#turn, chosen: stretches, active },
        windows: [{ offset: 0, rows: found.map(rowOf) }],
      });
      if ((await said('see')).filter(({ again }) => again).length > before) continue;
      this.#kept.set(name, snapshot);
      [this.#name, this.#above] = [name, []];
      this.#told = { snapshot: name, stretches, ids: [], active: active === null ? null : this.#told.active };
      return;
    }
    throw new Error('the page takes no snapshot');
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

  #found(): number[] {
    const found = this.#kinds.flatMap((kind, at) => (this.#filter === null || kind === this.#filter ? [at + 1] : []));
    return this.#isNewestFirst ? found.reverse() : found;
  }

  #idsOf(name: string): number[] {
    return Array.from(this.#kept.get(name)?.ids ?? [], (id) => id + 1);
  }

  #resolve({ snapshot, stretches, ids }: ChosenEvents): number[] {
    const all = this.#idsOf(snapshot);
    return [
      ...ids.map((id) => Number(id.slice(1))),
      ...stretches.flatMap(([from, to]) => all.slice(from, to + 1)),
    ].toSorted((a, b) => a - b);
  }
}

type Step = fc.AsyncCommand<Model, Table>;

/** All that the table holds of the chosen ones, and nothing else. */
function hold(model: Model, { shown }: Table): void {
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
        if (!model.chosen.delete(number)) model.chosen.add(number);
      } else {
        await table.click(index, []);
        model.chosen = new Set([number]);
      }
      model.active = number;
    }),
  ),
  fc.constant(
    step('Control click at the active row', async (model, table) => {
      const { active, chosen } = model;
      if (active === undefined) return;
      await table.click(table.shown.indexOf(active), ['Control']);
      if (!chosen.delete(active)) chosen.add(active);
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
