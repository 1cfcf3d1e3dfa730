/** A command cannot do anything now; `next` says what would help. It is shown and logged once, where commands are run. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly next: string | undefined;
  constructor(message: string, next?: string) {
    super(message);
    this.next = next;
  }
}
