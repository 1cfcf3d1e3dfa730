/** VS Code's Memento in memory. */
import type { Memory } from '../../../src/extension/session/known-relays.ts';

/** @param content what is in it, by key; it is changed in place */
export function memory(content: Record<string, unknown> = {}): Memory {
  return {
    get: <T>(key: string, fallback: T) => (content[key] as T | undefined) ?? fallback,
    update: (key, value) => {
      // As the storage does: what is kept is a copy.
      content[key] = JSON.parse(JSON.stringify(value)) as unknown;
      return Promise.resolve();
    },
  };
}
