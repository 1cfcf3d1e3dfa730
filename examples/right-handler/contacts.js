import { keyOf } from './notification.js';

/**
 * The contacts, one for each address. What is applied twice changes nothing the second time, and what is older than
 * what is known is left alone, so notifications may come again and in any order.
 */
export class Contacts {
  /** By address, those too that are gone: else an event that comes late would bring them back. */
  #known = new Map();
  #new = [];

  /** @param change one of those that `changesOf` gives */
  apply(change) {
    const key = keyOf(change.address);
    const earlierKey = change.earlierAddress === null ? key : keyOf(change.earlierAddress);
    const earlier = earlierKey === key ? undefined : this.#known.get(earlierKey);
    const before = this.#known.get(key) ?? earlier;
    if (earlierKey !== key && !(earlier?.at > change.at)) {
      this.#known.set(earlierKey, { address: change.earlierAddress, isGone: true, at: change.at });
    }
    if (this.#known.get(key)?.at > change.at) return;
    this.#known.set(key, {
      address: change.address,
      name: change.name ?? before?.name ?? '',
      fields: change.fields ?? before?.fields ?? [],
      isGone: change.kind === 'remove',
      at: change.at,
    });
    if (before === undefined && change.kind === 'keep') this.#new.push(change.address);
  }

  /** The addresses that have come since this was asked last, each once. */
  takeNew() {
    return this.#new.splice(0);
  }

  /** Those that are subscribed. */
  list() {
    return [...this.#known.values()]
      .filter((contact) => !contact.isGone)
      .map(({ address, name, fields, at }) => ({ address, name, fields, updated: new Date(at).toISOString() }));
  }
}
