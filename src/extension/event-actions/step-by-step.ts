export interface Steps {
  /** The sum of the steps' results. */
  readonly done: number;
  /** Cancelled with groups left. What was done stays done. */
  readonly cancelled: boolean;
}

/**
 * @param work returns how many of a group were done
 * @param report called after each group, with its size and the sum so far
 */
export async function stepByStep(
  groups: Iterable<readonly string[]> | AsyncIterable<readonly string[]>,
  signal: AbortSignal,
  work: (ids: readonly string[]) => Promise<number>,
  report: (size: number, done: number) => void,
): Promise<Steps> {
  let done = 0;
  for await (const ids of groups) {
    if (signal.aborted) return { done, cancelled: true };
    done += await work(ids);
    report(ids.length, done);
  }
  return { done, cancelled: false };
}

/** Lists of IDs in groups of about a size, in order. A list is never divided: a longer one is its own group. */
export function* inWholeGroups(lists: Iterable<readonly string[]>, size: number): Generator<readonly string[]> {
  let ids: string[] = [];
  for (const list of lists) {
    if (ids.length > 0 && ids.length + list.length > size) {
      yield ids;
      ids = [];
    }
    ids.push(...list);
  }
  if (ids.length > 0) yield ids;
}

export function* inGroups(ids: readonly string[], size: number): Generator<readonly string[]> {
  for (let at = 0; at < ids.length; at += size) yield ids.slice(at, at + size);
}
