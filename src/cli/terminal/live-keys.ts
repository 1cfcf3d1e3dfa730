import type { RelayClient } from '../../protocol/relay-client.ts';
import { readFilter } from '../listen-flags.ts';
import { commandProcess, thisTerminal } from './command-process.ts';
import { readKeys } from './keys.ts';
import type { LiveLines } from './passing.ts';
import { heldText, releasedText } from './sending-text.ts';
import { printable, widthOf } from './text.ts';
import { parseFilter } from '../../protocol/event-filter.ts';

export const keysOpening =
  'Waiting for events. To send one, run cm-relay trigger subscribe in another terminal. Press ? for keys, q to stop.';

const keysHelp =
  'Keys: p pause sending, c continue, s send next, r resend what failed last, / filter, ? show keys, q stop';

export function handleKeys(
  client: RelayClient,
  lines: LiveLines,
  filter: LiveFilter,
  say: (text: string) => void,
): () => void {
  const actions: Readonly<Record<string, () => Promise<string> | string>> = {
    '?': () => keysHelp,
    p: async () => {
      const { sending } = await client.request('relay/status', {});
      await client.request('debug/pause', { by: thisTerminal() });
      // If sending was already paused, say so; otherwise the live view shows the change.
      return sending.state === 'paused' ? heldText(sending) : '';
    },
    c: async () => `Released: ${(await client.request('debug/continue', {})).released}.`,
    s: async () => {
      const { released, sending } = await client.request('debug/step', {});
      return released.length === 0 ? `Nothing to send. ${heldText(sending)}` : `Released: ${releasedText(released)}`;
    },
    r: async () => {
      const id = lines.lastFailed;
      if (id === undefined) return 'Nothing has failed.';
      const { replayed } = await client.request('notifications/replay', { ids: [id] });
      return replayed === 0 ? `Cannot resend ${id}: it is already waiting or held.` : `Resending ${id}.`;
    },
  };
  let tail = Promise.resolve('');
  const run = (action: () => Promise<string> | string): void => {
    tail = tail.then(action).catch((error: unknown) => `error: ${(error as Error).message}`);
    void tail.then((text) => text !== '' && say(text));
  };
  let typed: string | null = null;
  const show = (text: string | null): void => {
    typed = text;
    // Some terminals wrap the line after the last column, so leave it free.
    lines.footer(text === null ? '' : `Filter: ${printable(text)}`.slice(1 - widthOf(commandProcess().stdout)));
  };
  const type = (key: string, text: string): void => {
    if (key === '\r' || key === '\n') {
      show(null);
      run(() => {
        filter.text = readFilter(text.trim());
        return filter.text === '' ? 'Showing all events.' : `Showing events that match ${filter.text}.`;
      });
    } else if (key === '\x1b') show(null);
    else if (key === '\x7f' || key === '\b') show(text.replace(/.$/u, ''));
    else if (key >= ' ') show(text + key);
  };
  return readKeys((key, isPasted) => {
    const action = actions[key.toLowerCase()];
    if (typed !== null) type(key, typed);
    else if (isPasted) return;
    else if (key === '/') show('');
    else if (key === 'q') process.kill(process.pid, 'SIGINT');
    else if (action !== undefined) run(action);
  });
}

/** A filter has a maximum length, so look up this number of deliveries per request. */
const mostAtOnce = 40;

export class LiveFilter {
  readonly #client: RelayClient;
  text: string;

  constructor(client: RelayClient, text: string) {
    this.#client = client;
    this.text = text;
  }

  async fitting(deliveryIds: Iterable<string>): Promise<ReadonlySet<string>> {
    const named = parseFilter(this.text, Date.now()).deliveryIds.map((id) => `d${id}`);
    // Several IDs in a filter mean any of them, so compare the filter's own IDs here.
    const left = [...new Set(deliveryIds)].filter((id) => named.length === 0 || named.includes(id));
    const fits = new Set<string>();
    while (left.length > 0) {
      const ids = left.splice(0, mostAtOnce);
      const filter = `${this.text} delivery:${ids.join(',')}`;
      const { groups } = await this.#client.request('events/counts', { filter, groupBy: 'delivery', mostGroups: 1000 });
      for (const { value } of groups) if (value !== null) fits.add(value);
    }
    return fits;
  }
}
