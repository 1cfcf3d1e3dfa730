/**
 * Makes something once, on first use; after a failure the next caller tries again.
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
