import assert from 'node:assert/strict';
import fc from 'fast-check';
import { countRuns } from '../../long.ts';
import { probeFocus } from '../../../src/extension/ui/focus-probe.ts';
import { Redraws } from '../../../src/extension/ui/redraws.ts';
import { PassingTimers } from './passing-timers.ts';

interface Node {
  readonly name: string;
}

/** How long VS Code gathers changes of a tree, in milliseconds. */
const gatherMs = 200;

/**
 * A tree as VS Code's extension host has it: it knows the names of the selected rows at all times, but their nodes only
 * while they are drawn. A change of the whole tree forgets all of them at once, gathers further changes for 200 ms, forgets
 * once more where some came, and has new nodes when the window asked for them.
 */
class Tree {
  readonly timers = new PassingTimers();
  readonly redraws = new Redraws<Node>(() => this.#changed(), this.timers);
  readonly keyOf = ({ name }: Node): string => name;
  readonly view: { readonly selection: readonly Node[] };
  readonly names = ['one', 'two', 'three', 'four'];
  selected: readonly string[] = [];
  focus: string | undefined;
  /** How long the window takes until it asks for the rows, and until it tells what is selected. */
  readonly #windowMs: number;
  #told: readonly string[] = [];
  #nodes = new Map<string, Node>();
  #gathering: 'none' | 'first' | 'more' = 'none';
  #gathered = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
    const told = (): readonly string[] => this.#told;
    const nodes = (): ReadonlyMap<string, Node> => this.#nodes;
    this.view = {
      get selection(): readonly Node[] {
        return told().flatMap((name) => nodes().get(name) ?? []);
      },
    };
    this.#fill();
  }

  select(names: readonly string[], focus: string): void {
    this.selected = names;
    this.#told = names;
    this.focus = focus;
  }

  /** `list.toggleSelection`: ends before the extension host is told. */
  readonly toggle = (): Promise<void> => {
    const { focus } = this;
    if (focus === undefined) return Promise.resolve();
    this.selected = this.selected.includes(focus)
      ? this.selected.filter((each) => each !== focus)
      : [...this.selected, focus];
    const { selected } = this;
    this.timers.after(this.#windowMs, () => (this.#told = selected));
    return Promise.resolve();
  };

  #changed(): void {
    this.#gathering = this.#gathering === 'none' ? 'first' : 'more';
    if (this.#gathering === 'first') this.#forget();
    const mine = ++this.#gathered;
    this.timers.after(gatherMs, () => {
      if (mine !== this.#gathered) return;
      if (this.#gathering === 'more') this.#forget();
      this.#gathering = 'none';
    });
  }

  #forget(): void {
    this.#nodes = new Map();
    this.timers.after(this.#windowMs, () => {
      void this.redraws.answer(undefined, () => {
        this.#nodes = new Map();
        return [];
      });
      this.timers.after(1, () => this.#fill());
    });
  }

  #fill(): void {
    this.#nodes = new Map(this.names.map((name) => [name, { name }]));
  }
}

describe('The row that has the focus', () => {
  it('is found whenever the tree is drawn anew, and is never another', async () => {
    const subset = fc.subarray(['one', 'two', 'three', 'four']);
    const redraws = fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        subset,
        fc.constantFrom('one', 'two', 'three', 'four'),
        redraws,
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 900 }),
        async (selected, focus, drawnAt, windowMs, pressedAt) => {
          const tree = new Tree(windowMs);
          tree.select(selected, focus);
          for (const at of drawnAt) tree.timers.after(at, () => tree.redraws.draw());
          await new Promise<void>((resolve) => tree.timers.after(pressedAt, resolve));
          const rows = await probeFocus(tree, tree.toggle, tree.timers);
          assert.deepEqual(
            rows?.map(({ name }) => name).toSorted(),
            (selected.includes(focus) ? selected : [focus]).toSorted(),
          );
          assert.deepEqual([...tree.selected].toSorted(), [...selected].toSorted());
        },
      ),
      {
        numRuns: countRuns(300),
        examples: [
          [['two'], 'one', [0], 1, 0],
          [['four'], 'four', [0], 1, 0],
        ],
      },
    );
  });

  it('is found by each of two keys in quick succession, which leave the selection as it was', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(['one', 'two', 'three', 'four']),
        fc.constantFrom('one', 'two', 'three', 'four'),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 100 }),
        async (selected, focus, windowMs, gapMs) => {
          const tree = new Tree(windowMs);
          tree.select(selected, focus);
          const first = probeFocus(tree, tree.toggle, tree.timers);
          await new Promise<void>((resolve) => tree.timers.after(gapMs, resolve));
          const found = await Promise.all([first, probeFocus(tree, tree.toggle, tree.timers)]);
          const expected = (selected.includes(focus) ? selected : [focus]).toSorted();
          for (const rows of found) assert.deepEqual(rows?.map(({ name }) => name).toSorted(), expected);
          assert.deepEqual([...tree.selected].toSorted(), [...selected].toSorted());
        },
      ),
      { numRuns: countRuns(200) },
    );
  });

  it('is not known where none has it', async () => {
    const tree = new Tree(5);
    assert.deepEqual(await probeFocus(tree, tree.toggle, tree.timers), []);
    tree.select(['four'], 'four');
    tree.focus = undefined;
    assert.equal(await probeFocus(tree, tree.toggle, tree.timers), undefined);
  });
});
