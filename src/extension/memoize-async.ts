/**
 * Something that is made when it is first asked for, and once: after a failure the next who asks has it tried again.
 * @returns what gives it
 * @throws what making it throws
 */
export function memoizeAsync<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () =>
    (made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    }));
}
