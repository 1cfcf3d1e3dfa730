import assert from 'node:assert/strict';
import fc from 'fast-check';
import { countRuns } from '../../long.ts';
import { seenRows } from '../../../src/extension/event-tree/seen-rows.ts';
import type { EventNode, EventsNode, GroupNode } from '../../../src/extension/events/event-node.ts';
import { probeFocus } from '../../../src/extension/ui/focus-probe.ts';
import { Redraws } from '../../../src/extension/ui/redraws.ts';
import { eventRow } from '../events/rows.ts';
import { PassingTimers } from '../ui/passing-timers.ts';

/** An event of the tree, in one group. */
interface Leaf extends EventNode {
  readonly number: number;
  readonly groupId: string;
}

/**
 * VS Code's tree as far as a choice of rows goes: what is selected stays so when it is folded away, the arrow keys move
 * the focus alone, and an extension is told the selection, not the focus.
 */
class Tree {
  leaves: readonly Leaf[] = [];
  isGrouped = true;
  readonly folded = new Set<string>();
  selection: readonly EventsNode[] = [];
  focus: EventsNode | undefined;
  readonly #groups = [0, 1, 2].map((each): GroupNode => ({ kind: 'group', id: `type:${each}`, label: `${each}` }));

  constructor() {
    this.come(9);
  }

  come(count: number): void {
    const first = this.leaves.length === 0 ? 1 : (this.leaves[0]?.number ?? 0) + 1;
    const come = Array.from({ length: count }, (_, at): Leaf => {
      const number = first + at;
      return { kind: 'event', number, groupId: `type:${number % 3}`, row: eventRow(number) };
    });
    this.leaves = [...come.toReversed(), ...this.leaves];
  }

  /** Those that are drawn, with their events. */
  get groups(): { id: string; events: Leaf[] }[] {
    if (!this.isGrouped) return [];
    return this.#groups.map(({ id }) => ({ id, events: this.leaves.filter(({ groupId }) => groupId === id) }));
  }

  /** The rows that a person sees, from the top. */
  get seen(): readonly EventsNode[] {
    if (!this.isGrouped) return this.leaves;
    return this.#groups.flatMap((node): EventsNode[] => {
      const events = this.leaves.filter(({ groupId }) => groupId === node.id);
      return this.folded.has(node.id) ? [node] : [node, ...events];
    });
  }

  /** Rows have gone: of the selection and the focus as well. */
  keep(leaves: readonly Leaf[]): void {
    this.leaves = leaves;
    this.redraw();
  }

  redraw(): void {
    const there = new Set<EventsNode>([...this.leaves, ...(this.isGrouped ? this.#groups : [])]);
    this.selection = this.selection.filter((each) => there.has(each));
    if (this.focus !== undefined && !there.has(this.focus)) this.focus = undefined;
  }

  fold(at: number): void {
    const node = this.#groups[at];
    if (node === undefined || !this.isGrouped) return;
    if (!this.folded.delete(node.id)) this.folded.add(node.id);
    // The focus does not stay on what is not seen.
    if (this.focus !== undefined && !this.seen.includes(this.focus)) this.focus = node;
  }

  /** `list.toggleSelection` */
  toggle(): void {
    const { focus } = this;
    if (focus === undefined) return;
    this.selection = this.selection.includes(focus)
      ? this.selection.filter((each) => each !== focus)
      : [...this.selection, focus];
  }

  click(node: EventsNode, modifier: string): void {
    const from = this.focus;
    this.focus = node;
    if (modifier === 'Ctrl') this.toggle();
    else if (modifier === 'Shift' && from !== undefined) {
      const [one, other] = [this.seen.indexOf(from), this.seen.indexOf(node)];
      this.selection = this.seen.slice(Math.min(one, other), Math.max(one, other) + 1);
    } else this.selection = [node];
  }

  /** What the extension makes of nodes that a command is given. */
  resolve(nodes: readonly EventsNode[]): string[] {
    return seenRows(nodes, this.groups, (id) => this.folded.has(id))
      .map(({ id }) => id)
      .toSorted();
  }

  /** What a person takes for chosen where these nodes are: what is seen, and all of a group. */
  expected(nodes: readonly EventsNode[]): string[] {
    const ids = new Set<string>();
    for (const node of nodes) {
      if (!this.seen.includes(node)) continue;
      if (node.kind === 'event') ids.add(node.row.id);
      if (node.kind === 'group') for (const { groupId, row } of this.leaves) if (groupId === node.id) ids.add(row.id);
    }
    return [...ids].toSorted();
  }
}

const keyOf = (node: EventsNode): string =>
  node.kind === 'event' ? node.row.id : node.kind === 'group' ? node.id : node.kind;

type Step = fc.AsyncCommand<object, Tree>;

function step(name: string, does: (tree: Tree) => unknown): Step {
  return {
    check: () => true,
    run: async (_model, tree) => {
      await does(tree);
    },
    toString: () => name,
  };
}

const far = fc.double({ min: 0, max: 0.999, noNaN: true });
const nodeAt = ({ seen }: Tree, at: number): EventsNode | undefined => seen[Math.floor(at * seen.length)];

const steps: fc.Arbitrary<Step>[] = [
  fc.nat(2).map((at) => step(`fold or unfold ${at}`, (tree) => tree.fold(at))),
  fc.nat(3).map((count) => step(`${count} come`, (tree) => tree.come(count))),
  fc
    .nat(2)
    .map((kind) =>
      step(`filter ${kind} away`, (tree) => tree.keep(tree.leaves.filter(({ groupId }) => groupId !== `type:${kind}`))),
    ),
  fc.constant(
    step('group, or no longer', (tree) => {
      tree.isGrouped = !tree.isGrouped;
      tree.redraw();
    }),
  ),
  fc.integer({ min: -2, max: 2 }).map((by) =>
    step(`arrows by ${by}`, (tree) => {
      const at = tree.focus === undefined ? 0 : tree.seen.indexOf(tree.focus) + by;
      tree.focus = tree.seen[Math.max(0, Math.min(tree.seen.length - 1, at))];
    }),
  ),
  fc.tuple(far, fc.constantFrom('', 'Ctrl', 'Shift')).map(([at, modifier]) =>
    step(`${modifier} click at ${at}`, (tree) => {
      const node = nodeAt(tree, at);
      if (node !== undefined) tree.click(node, modifier);
    }),
  ),
  fc.constant(
    step('a key', async (tree) => {
      const before = tree.selection;
      const { focus } = tree;
      const timers = new PassingTimers();
      const nodes = await probeFocus<EventsNode>(
        { view: tree, redraws: new Redraws<EventsNode>(() => undefined, timers), keyOf },
        () => {
          tree.toggle();
          return Promise.resolve();
        },
        timers,
      );
      assert.deepEqual(new Set(tree.selection), new Set(before));
      if (focus === undefined) {
        assert.ok(nodes === undefined || nodes.length === 0);
        return;
      }
      const meant = before.includes(focus) ? before : [focus];
      assert.deepEqual(tree.resolve(nodes ?? []), tree.expected(meant));
    }),
  ),
  far.map((at) =>
    step(`the menu at ${at}`, (tree) => {
      const node = nodeAt(tree, at);
      if (node === undefined) return;
      // VS Code gives the selection where what was clicked is in it.
      const nodes = tree.selection.includes(node) ? tree.selection : [node];
      assert.deepEqual(tree.resolve(nodes), tree.expected(nodes));
    }),
  ),
];

describe('What is chosen in the tree', () => {
  it('is what is seen, whatever is filtered, folded, grouped, clicked and comes meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(steps, { maxCommands: 40, size: 'max' }), (commands) =>
        fc.asyncModelRun(() => ({ model: {}, real: new Tree() }), commands),
      ),
      { numRuns: countRuns(300) },
    );
  });

  it('is not what was folded away with its group, but all of a group that is chosen itself', () => {
    const tree = new Tree();
    const [group, ...events] = tree.seen;
    const other = tree.seen.at(-1);
    assert.ok(group !== undefined && other !== undefined && events[0] !== undefined);
    tree.click(events[0], '');
    tree.click(other, 'Ctrl');
    tree.fold(0);
    assert.deepEqual(tree.resolve(tree.selection), ['e2']);
    assert.deepEqual(tree.resolve([group]), ['e3', 'e6', 'e9']);
  });

  it('is an event that was chosen elsewhere, whatever the tree has folded away', () => {
    const tree = new Tree();
    const leaf = tree.leaves.at(-1);
    assert.ok(leaf !== undefined);
    for (const at of [0, 1, 2]) tree.fold(at);
    assert.deepEqual(tree.resolve([leaf]), []);
    assert.deepEqual(tree.resolve([{ kind: 'event', row: leaf.row, isElsewhere: true }]), [leaf.row.id]);
  });
});
