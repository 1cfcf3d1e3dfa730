/** VS Code has no API for a tree's focused row: toggling it changes the selection. */
import { realTimers, type Timers } from './coalescer.ts';
import type { Redraws } from './redraws.ts';

/** Milliseconds to wait for a change of the selection, and between checks. */
const followMs = 1000;
const lookMs = 20;

export interface ProbedTree<Node> {
  readonly view: { readonly selection: readonly Node[] };
  readonly redraws: Redraws<Node>;
  /** Must stay the same when the row is drawn again as another object. */
  readonly keyOf: (node: Node) => string;
}

/**
 * The focused row, or the whole selection if it is selected. Restores the selection.
 * @returns undefined if uncertain: an earlier click must not count
 */
export function probeFocus<Node>(
  { view, redraws, keyOf }: ProbedTree<Node>,
  toggle: () => PromiseLike<unknown>,
  timers: Timers = realTimers,
): Promise<readonly Node[] | undefined> {
  const read = (): ReadonlyMap<string, Node> => new Map(view.selection.map((node) => [keyOf(node), node]));
  // VS Code may report the selection after the command has ended.
  const following = async (isThere: () => boolean): Promise<boolean> => {
    for (const end = timers.now() + followMs; timers.now() < end;) {
      if (isThere()) return true;
      await new Promise<void>((resolve) => timers.after(lookMs, resolve));
    }
    return isThere();
  };
  return redraws.whileStill(async () => {
    const before = read();
    await toggle();
    // No row has the focus, or VS Code doesn't report it.
    if (!(await following(() => !isSame(read(), before)))) return before.size === 0 ? [] : undefined;
    const after = read();
    await toggle();
    if (!(await following(() => isSame(read(), before)))) return undefined;
    const came = [...after].filter(([key]) => !before.has(key));
    const gone = [...before].filter(([key]) => !after.has(key));
    if (came.length + gone.length !== 1) return undefined;
    return came[0] === undefined ? [...before.values()] : [came[0][1]];
  });
}

function isSame(one: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>): boolean {
  return one.size === other.size && [...one.keys()].every((key) => other.has(key));
}
