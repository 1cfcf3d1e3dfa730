import type { CommandName } from '../commands.ts';

/** A command that helps with an error, as a button of its message. */
export interface WayOn {
  /** The button's text. */
  readonly title: string;
  readonly command: CommandName;
  /** What the command is given. */
  readonly args?: readonly unknown[];
}

/** A command cannot do anything now; `next` says what would help, and `wayOn` does it. It is shown and logged once. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly next: string | undefined;
  readonly wayOn: WayOn | undefined;
  constructor(message: string, next?: string, wayOn?: WayOn) {
    super(message);
    this.next = next;
    this.wayOn = wayOn;
  }
}
