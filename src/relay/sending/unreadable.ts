const readAgainMs = 5000;

export interface UnreadableOptions {
  readAgain(): void;
  log(level: 'error', message: string): void;
  readonly delayScale: number;
}

/** The waiting forwardings, or the notification with this ID. One may be readable if the other isn't. */
export type Read = 'waiting' | number;

export class Unreadable {
  readonly #options: UnreadableOptions;
  readonly #unread = new Set<Read>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: UnreadableOptions) {
    this.#options = options;
  }

  get pauseMs(): number {
    return Math.round(readAgainMs * this.#options.delayScale);
  }

  get pausing(): boolean {
    return this.#timer !== undefined;
  }

  /** Reports once, until all failed reads have succeeded. */
  failed(what: Read, { message }: Error, place: string): void {
    const isFirst = this.#unread.size === 0;
    this.#unread.add(what);
    if (!isFirst) return;
    const when = `are waiting; retrying every ${readAgainMs / 1000} s`;
    this.#options.log('error', `cannot read the history (${message}): notifications queued for ${place} ${when}`);
  }

  pause(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#options.readAgain();
    }, this.pauseMs);
  }

  worked(what: Read): void {
    this.#unread.delete(what);
  }

  drop(isGone: (notificationId: number) => boolean): void {
    for (const each of this.#unread) if (each !== 'waiting' && isGone(each)) this.#unread.delete(each);
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
