/** What a lane does while the store cannot be read: it says so once, and reads again later. */

/** When what could not be read is read again, in milliseconds. */
const readAgainMs = 5000;

export interface UnreadableOptions {
  /** Called when it is time to read again, after {@link Unreadable.pause}. */
  readAgain(): void;
  log(level: 'error', message: string): void;
  /** A factor on the pause: less than 1 in tests. */
  readonly delayScale: number;
}

/** What is read: what waits, or what a notification of this id is made of. One may be read where the other cannot. */
export type Read = 'waiting' | number;

/** Whether the store could be read, and the pause until it is read again. */
export class Unreadable {
  readonly #options: UnreadableOptions;
  /** What could not be read when it was last tried. */
  readonly #unread = new Set<Read>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: UnreadableOptions) {
    this.#options = options;
  }

  /** How long to wait before reading again, in milliseconds. */
  get pauseMs(): number {
    return Math.round(readAgainMs * this.#options.delayScale);
  }

  /** Whether the pause lasts: nothing is read until it is over. */
  get pausing(): boolean {
    return this.#timer !== undefined;
  }

  /**
   * It could not be read: said once, until all that could not be read was.
   * @param place the destination as it stands in the log
   */
  failed(what: Read, { message }: Error, place: string): void {
    const isFirst = this.#unread.size === 0;
    this.#unread.add(what);
    if (!isFirst) return;
    const when = `are waiting; retrying every ${readAgainMs / 1000} s`;
    this.#options.log('error', `cannot read the history (${message}): notifications queued for ${place} ${when}`);
  }

  /** Calls `readAgain` after the pause. */
  pause(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#options.readAgain();
    }, this.pauseMs);
  }

  /** It was read. */
  worked(what: Read): void {
    this.#unread.delete(what);
  }

  /** Notifications are not to be read any more. */
  drop(isGone: (notificationId: number) => boolean): void {
    for (const each of this.#unread) if (each !== 'waiting' && isGone(each)) this.#unread.delete(each);
  }

  /** Reads no more. */
  close(): void {
    clearTimeout(this.#timer);
  }
}
