/** Work on many things in groups, so that it can be given up between two of them. */

export interface Steps {
  /** The sum of what the steps returned. */
  readonly done: number;
  /** Given up while there was more to do. What was done stays done. */
  readonly cancelled: boolean;
}

/**
 * Works through groups, one after another.
 * @param work what is done with a group. @returns how many it was done with
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

/** Lists of ids in groups of about a size, in their order. No list is divided: one that is longer is a group. */
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

/** Ids in groups of a size, in their order. */
export function* inGroups(ids: readonly string[], size: number): Generator<readonly string[]> {
  for (let at = 0; at < ids.length; at += size) yield ids.slice(at, at + size);
}
