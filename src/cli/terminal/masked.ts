import { maskSecrets } from '../../export/item.ts';
import { mapStrings } from '../../export/json.ts';

/** Masks the same secrets as an export. Not for bodies, which are shown unchanged. */
export function masked<T>(value: T): T {
  return mapStrings(value, maskSecrets) as T;
}

const mostKnown = 100;
const known = new Map<string, string>();

/** Cached, since there are few URLs and each attempt has one. */
export function maskedUrl(url: string): string {
  let text = known.get(url);
  if (text === undefined) {
    if (known.size === mostKnown) known.clear();
    text = maskSecrets(url);
    known.set(url, text);
  }
  return text;
}
