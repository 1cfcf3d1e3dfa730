/** Filters what is shown live: only the relay knows all words and states, so it is asked. */
import { parseFilter } from '../../protocol/event-filter.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';

/** Maximum deliveries per request: a filter has a maximum length. */
const mostAtOnce = 40;

export class LiveFilter {
  readonly #client: RelayClient;
  /** Valid; empty if everything matches. */
  text: string;

  constructor(client: RelayClient, text: string) {
    this.#client = client;
    this.text = text;
  }

  /** The deliveries with an event that matches in its current state. */
  async fitting(deliveryIds: Iterable<string>): Promise<ReadonlySet<string>> {
    const named = parseFilter(this.text, Date.now()).deliveryIds.map((id) => `d${id}`);
    // Several IDs in a filter mean any of them, so the filter's own IDs are compared here.
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
