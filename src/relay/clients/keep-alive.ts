/** Maximum time for the client that started the relay to connect. */
const firstClientMs = 2000;

export interface KeepAliveOptions {
  minutes(): number;
  onIdle(minutes: number): void;
}

export function minutesWords(minutes: number): string {
  return `${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
}

export class KeepAlive {
  readonly #options: KeepAliveOptions;
  #timer: NodeJS.Timeout | undefined;
  #hadClient = false;
  #closed = false;

  constructor(options: KeepAliveOptions) {
    this.#options = options;
  }

  clientsChanged(count: number): void {
    clearTimeout(this.#timer);
    if (count > 0) this.#hadClient = true;
    if (count > 0 || this.#closed) return;
    const minutes = this.#options.minutes();
    const wait = Math.max(minutes * 60_000, this.#hadClient ? 0 : firstClientMs);
    this.#timer = setTimeout(() => this.#options.onIdle(minutes), wait);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }
}
