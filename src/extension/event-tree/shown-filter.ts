/** A filter in words. Apart from what helps to type one, which is not needed from the start. */
import type { ListNaming } from '../ui/phrases.ts';
import { printable } from '../ui/printable.ts';

/** A filter as it is shown: with the names of its lists behind it. */
export function withListNames(filter: string, names: ListNaming): string {
  const ids = [...filter.matchAll(/(?:^|\s)list:"?([^\s"]+)/gi)].flatMap(([, values = '']) => values.split(','));
  const known = ids.flatMap((id) => names.nameOfList(id) ?? []);
  return known.length === 0 ? filter : `${filter} (${known.map((name) => printable(name, 40)).join(', ')})`;
}
