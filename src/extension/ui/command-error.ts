import type { CommandName } from '../commands.ts';

export interface NextAction {
  readonly title: string;
  readonly command: CommandName;
  readonly args?: readonly unknown[];
}

/** Shown and logged once; `next` says what helps, and `nextAction` does it. */
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
