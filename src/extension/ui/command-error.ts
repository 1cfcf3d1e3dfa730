import type { CommandName } from '../commands.ts';

/** A command that helps with an error, as a button of its message. */
export interface NextAction {
  readonly title: string;
  readonly command: CommandName;
  readonly args?: readonly unknown[];
}

/** A command can't do anything now; `next` says what would help, and `nextAction` does it. Shown and logged once. */
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
