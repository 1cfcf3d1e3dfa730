/** Finds the focused row of a tree by what toggling it does to the selection: nothing else tells which one it is. */
import { realTimers } from './coalescer.ts';
import type { Timers } from './coalescer.ts';
import type { Redraws } from './redraws.ts';

/** How long the selection may take to follow what was done to it, and how often that is looked at, in milliseconds. */
const followMs = 1000;
const lookMs = 20;

/** A tree whose focused row is sought. */
export interface ProbedTree<Node> {
  readonly view: { readonly selection: readonly Node[] };
  readonly redraws: Redraws<Node>;
  /** What names a row, also where it is drawn anew and is another object. */
  readonly keyOf: (node: Node) => string;
}

/**
 * The focused row; where that is one of the selected ones, all of these. The selection is afterwards as it was.
 * @param toggle adds the focused row to the selection, or takes it away
 * @returns undefined where it is not certain: what was clicked before is not what is meant
 */
export function probeFocus<Node>(
  { view, redraws, keyOf }: ProbedTree<Node>,
  toggle: () => PromiseLike<unknown>,
  timers: Timers = realTimers,
): Promise<readonly Node[] | undefined> {
  const read = (): ReadonlyMap<string, Node> => new Map(view.selection.map((node) => [keyOf(node), node]));
  // VS Code may say so a moment after the command has ended.
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
    // No row has the focus, or VS Code does not say which one.
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
