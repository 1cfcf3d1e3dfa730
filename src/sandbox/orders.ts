export class CallCounts extends Map<string, number> {
  count(call: string): void {
    this.set(call, (this.get(call) ?? 0) + 1);
  }
}

interface Order {
  times: number;
}

export class Orders<T extends Order> {
  #waiting: T[] = [];

  add(order: T): void {
    this.#waiting.push(order);
  }

  take(isFor: (order: T) => boolean): T | null {
    const order = this.#waiting.find(isFor);
    if (order === undefined) return null;
    order.times--;
    if (order.times <= 0) this.#waiting = this.#waiting.filter((each) => each !== order);
    return order;
  }

  clear(): void {
    this.#waiting = [];
  }
}
