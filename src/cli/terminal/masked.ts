import { maskSecrets } from '../../export/item.ts';
import { mapStrings } from '../../export/json.ts';

/**
 * What of the history a command prints, or of how things stand: in each text the same secrets masked as in an export,
 * such as the token in the URL of a destination. Not for bodies, which are shown to the byte.
 */
export function masked<T>(value: T): T {
  return mapStrings(value, maskSecrets) as T;
}

const mostKnown = 100;
const known = new Map<string, string>();

/** The same for the URL of a destination: there are few, and each comes again with every attempt. */
export function maskedUrl(url: string): string {
  let text = known.get(url);
  if (text === undefined) {
    if (known.size === mostKnown) known.clear();
    text = maskSecrets(url);
    known.set(url, text);
  }
  return text;
}
