/**
 * Applies a change to secrets: given values are added or replaced, `null` removes one.
 * @returns a new map, because requests in progress use the earlier one
 */
export function changedSecrets<T>(
  known: ReadonlyMap<string, T>,
  change: Readonly<Record<string, T | null>> = {},
): ReadonlyMap<string, T> {
  const changed = new Map(known);
  for (const [name, value] of Object.entries(change)) {
    if (value === null) changed.delete(name);
    else changed.set(name, value);
  }
  return changed;
}
