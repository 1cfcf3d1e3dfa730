/** What both halves of the sandbox keep of calls: how often each was made, and what is ordered for those to come. */

/** By the name of the call, such as `GET /clients.json`; ids stand as their names. */
export class CallCounts extends Map<string, number> {
  /** Counts one. */
  count(call: string): void {
    this.set(call, (this.get(call) ?? 0) + 1);
  }
}

/** Something ordered, such as a failure: it is given as often as was ordered. */
interface Order {
  times: number;
}

export class Orders<T extends Order> {
  #waiting: T[] = [];

  add(order: T): void {
    this.#waiting.push(order);
  }

  /** The first that is for a call, if any. */
  take(isFor: (order: T) => boolean): T | null {
    const order = this.#waiting.find(isFor);
    if (order === undefined) return null;
    order.times--;
    if (order.times <= 0) this.#waiting = this.#waiting.filter((each) => each !== order);
    return order;
  }

  /** Forgets all. */
  clear(): void {
    this.#waiting = [];
  }
}
