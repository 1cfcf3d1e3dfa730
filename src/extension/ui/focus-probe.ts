/** Finds the focused row of a tree by what toggling it does to the selection: nothing else tells which one it is. */

/** A tree that is drawn anew at this moment says of its selection what it was: then it is asked again, so often. */
const mostTries = 3;

/** How long the selection may take to follow what was done to it, and how often that is looked at, in milliseconds. */
const followMs = 1000;
const lookMs = 20;

/**
 * The focused row; where that is one of the selected ones, all of these. The selection is afterwards as it was.
 * @param view knows what is selected
 * @param toggle adds the focused row to the selection, or takes it away
 * @param wait milliseconds until it may be looked again
 * @returns undefined where it is not certain: what was clicked before is not what is meant
 */
export async function probeFocus<Node>(
  view: { readonly selection: readonly Node[] },
  toggle: () => PromiseLike<unknown>,
  wait: (ms: number) => Promise<unknown> = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
): Promise<readonly Node[] | undefined> {
  for (let tries = 0; tries < mostTries; tries++) {
    const before = view.selection;
    await toggle();
    const isOther = (): boolean =>
      view.selection.length !== before.length || view.selection.some((node) => !before.includes(node));
    // VS Code may say so a moment after the command has ended.
    for (let waited = 0; !isOther() && waited < followMs; waited += lookMs) await wait(lookMs);
    const after = view.selection;
    const came = after.filter((node) => !before.includes(node));
    const gone = before.filter((node) => !after.includes(node));
    // No row has the focus, or VS Code does not say which one.
    if (came.length + gone.length === 0) return before.length === 0 ? before : undefined;
    await toggle();
    if (came.length + gone.length === 1) return came.length === 1 ? came : before;
  }
  return undefined;
}
