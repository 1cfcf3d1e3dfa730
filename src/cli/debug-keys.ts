/** The keys of the live view: pause, next, continue, drop. */
import type { RelayClient } from '../protocol/relay-client.ts';
import { readKeys } from './keys.ts';
import { heldText, releasedText } from './sending-text.ts';
import { thisTerminal } from './terminal.ts';

/** What the live view says of them. */
export const keysHelp = 'Keys: p pause sending, n next, c continue, d drop the next, Ctrl-C end';

const actions: Readonly<Record<string, (client: RelayClient) => Promise<string>>> = {
  p: async (client) => heldText((await client.request('debug/pause', { by: thisTerminal() })).sending),
  n: async (client) => {
    const { released, sending } = await client.request('debug/step', {});
    return released.length === 0 ? `Nothing is held. ${heldText(sending)}` : `Released: ${releasedText(released)}`;
  },
  c: async (client) => {
    const { released, sending } = await client.request('debug/continue', {});
    return `Released: ${released}. ${heldText(sending)}`;
  },
  d: async (client) => {
    const { dropped, sending } = await client.request('debug/drop', {});
    return dropped.length === 0 ? `Nothing is held. ${heldText(sending)}` : `Dropped: ${releasedText(dropped)}`;
  },
};

/**
 * Does what the keys say, one after another.
 * @param say where it says what came of it
 * @returns what ends it
 */
export function debugByKeys(client: RelayClient, say: (text: string) => void): () => void {
  let tail = Promise.resolve();
  return readKeys((key) => {
    const action = actions[key];
    if (action === undefined) return;
    tail = tail.then(() => action(client)).then(say, (error: unknown) => say(`error: ${(error as Error).message}`));
  });
}
