import { setTimeout as wait } from 'node:timers/promises';

/** Greets new contacts by mail, one after the other. It only says so: there is no mail server here. */
export class Greetings {
  #ms;
  #waiting = [];
  #working = false;
  #closed = new AbortController();

  /** @param {number} ms how long the mail server takes for each, in milliseconds */
  constructor(ms) {
    this.#ms = ms;
  }

  /** Greets an address when its turn comes. */
  add(address) {
    this.#waiting.push(address);
    if (!this.#working) void this.#work();
  }

  /** Gives up what waits. */
  close() {
    this.#waiting = [];
    this.#closed.abort();
  }

  async #work() {
    this.#working = true;
    try {
      for (let address = this.#waiting.shift(); address !== undefined; address = this.#waiting.shift()) {
        await wait(this.#ms, undefined, { signal: this.#closed.signal });
        console.log(`greeted ${address}`);
      }
    } catch (error) {
      if (error.name !== 'AbortError') throw error;
    } finally {
      this.#working = false;
    }
  }
}
