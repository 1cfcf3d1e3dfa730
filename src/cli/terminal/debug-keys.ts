/** The keys of the live view: pause, next, continue, drop, try now. */
import type { RelayClient } from '../../protocol/relay-client.ts';
import { readKeys } from './keys.ts';
import { heldText, releasedText, retriedLines } from './sending-text.ts';
import { thisTerminal } from './this-terminal.ts';

/** What the live view begins with. */
export const keysOpening =
  'Waiting for events. To send one, run cm-relay trigger subscribe in another terminal. Press ? for keys, Ctrl-C to stop.';

/** What it says of its keys. */
const keysHelp =
  'Keys: p pause sending, n send next, c continue, d discard next, r retry now, ↑ ↓ choose an event (Enter show, s resend, Esc leave), ? show keys, Ctrl-C stop';

const actions: Readonly<Record<string, (client: RelayClient) => Promise<string>>> = {
  '?': () => Promise.resolve(keysHelp),
  p: async (client) => {
    const { sending } = await client.request('relay/status', {});
    await client.request('debug/pause', { by: thisTerminal() });
    // Where it was not, a line of the live view says so.
    return sending.state === 'paused' ? heldText(sending) : '';
  },
  n: async (client) => {
    const { released, sending } = await client.request('debug/step', {});
    return released.length === 0
      ? `Nothing to send or discard. ${heldText(sending)}`
      : `Released: ${releasedText(released)}`;
  },
  c: async (client) => {
    const { released } = await client.request('debug/continue', {});
    return `Released: ${released}.`;
  },
  d: async (client) => {
    const { dropped, sending } = await client.request('debug/drop', {});
    return dropped.length === 0
      ? `Nothing to send or discard. ${heldText(sending)}`
      : `Discarded: ${releasedText(dropped)}`;
  },
  r: async (client) => retriedLines(await client.request('relay/retry', {})).join('; '),
};

/**
 * Does what the keys say, one after another.
 * @param say where it says what came of it
 * @param others what other keys do
 * @returns what ends it
 */
export function debugByKeys(
  client: RelayClient,
  say: (text: string) => void,
  others: (key: string) => (() => Promise<string>) | undefined,
): () => void {
  const sayIt = (text: string): void => {
    if (text !== '') say(text);
  };
  let tail = Promise.resolve();
  return readKeys((key) => {
    const known = actions[key];
    const action = known === undefined ? others(key) : () => known(client);
    if (action === undefined) return;
    tail = tail.then(action).then(sayIt, (error: unknown) => say(`error: ${(error as Error).message}`));
  });
}
