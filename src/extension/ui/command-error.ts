import type { CommandName } from '../commands.ts';

/** A command that helps with an error, as a button of its message. */
export interface NextAction {
  /** The button's text. */
  readonly title: string;
  readonly command: CommandName;
  /** What the command is given. */
  readonly args?: readonly unknown[];
}

/** A command cannot do anything now; `next` says what would help, and `nextAction` does it. It is shown and logged once. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly next: string | undefined;
  readonly nextAction: NextAction | undefined;
  constructor(message: string, next?: string, nextAction?: NextAction) {
    super(message);
    this.next = next;
    this.nextAction = nextAction;
  }
}
