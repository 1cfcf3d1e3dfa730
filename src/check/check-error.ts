/** Why a check or scenario cannot continue, in the user's language. */
export class CheckError extends Error {
  /** What to do. */
  readonly next: string | undefined;
  constructor(message: string, next?: string) {
    super(message);
    this.next = next;
  }
}
