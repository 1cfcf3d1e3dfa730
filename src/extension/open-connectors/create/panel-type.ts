import { prefix } from '../../commands.ts';

/** The panel's type: what VS Code restores it by. */
export const formViewType = `${prefix}.form`;
