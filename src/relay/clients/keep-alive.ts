/** How long the first client, who started the relay, may take to come, in milliseconds. */
const firstClientMs = 2000;

export interface KeepAliveOptions {
  /** How long the relay stays when its last client has gone, as the settings have it now. */
  minutes(): number;
  /** Called when nobody has come for so long. */
  onIdle(minutes: number): void;
}

/** So many minutes: `1 minute`, `0.5 minutes`. */
export function minutesWords(minutes: number): string {
  return `${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
}

/** Ends a relay that nobody uses any more. */
export class KeepAlive {
  readonly #options: KeepAliveOptions;
  #timer: NodeJS.Timeout | undefined;
  #hadClient = false;
  #closed = false;

  constructor(options: KeepAliveOptions) {
    this.#options = options;
  }

  /** @param count how many clients there are now */
  clientsChanged(count: number): void {
    clearTimeout(this.#timer);
    if (count > 0) this.#hadClient = true;
    if (count > 0 || this.#closed) return;
    const minutes = this.#options.minutes();
    const wait = Math.max(minutes * 60_000, this.#hadClient ? 0 : firstClientMs);
    this.#timer = setTimeout(() => this.#options.onIdle(minutes), wait);
  }

  /** Ends nothing any more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }
}
