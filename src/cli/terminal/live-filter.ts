/** What of that which passes fits a filter: the relay is asked, which alone knows words, states and what is held. */
import { parseFilter } from '../../protocol/event-filter.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';

/** So many deliveries are asked about at once: a filter has a length. */
const mostAtOnce = 40;

/** The filter of a live view. */
export class LiveFilter {
  readonly #client: RelayClient;
  /** One that can be read; empty if everything matches. */
  text: string;

  constructor(client: RelayClient, text: string) {
    this.#client = client;
    this.text = text;
  }

  /** Which of these deliveries have an event that fits, as they stand now. */
  async fitting(deliveryIds: Iterable<string>): Promise<ReadonlySet<string>> {
    const named = parseFilter(this.text, Date.now()).deliveryIds.map((id) => `d${id}`);
    // Several ids in a filter mean any of them: those that it names itself are compared here.
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
