/** A store and readers of one data directory, closed after the test. */
import { openHistory, storeFile, type HistoryReader } from '../../../src/relay/history/history.ts';
import { prepareDataDirectory } from '../../../src/protocol/data-directory.ts';
import { Store } from '../../../src/relay/log/store.ts';
import { afterward } from '../afterward.ts';

/** A reader that brings the indexed text up to date before each search of words, however long that takes. */
export function openReader(dataDir: string): HistoryReader {
  const reader = openHistory(dataDir, Infinity);
  afterward(() => reader.close());
  return reader;
}

export function openStore(dataDir: string): Store {
  prepareDataDirectory(dataDir);
  const store = new Store(storeFile(dataDir));
  afterward(() => store.close());
  return store;
}
