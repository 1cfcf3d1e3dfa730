/** Separate from the completions, which aren't needed at activation. */
import type { ListNaming } from '../ui/phrases.ts';
import { printable } from '../ui/printable.ts';

export function withListNames(filter: string, names: ListNaming): string {
  const ids = [...filter.matchAll(/(?:^|\s)list:"?([^\s"]+)/gi)].flatMap(([, values = '']) => values.split(','));
  const known = ids.flatMap((id) => names.nameOfList(id) ?? []);
  return known.length === 0 ? filter : `${filter} (${known.map((name) => printable(name, 40)).join(', ')})`;
}
