/**
 * Secrets by name after a change: what is given is added or takes the place of what had its name, `null` takes it away.
 * @returns other ones, since what is under way goes on with those of its time
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
