import { prefix } from '../prefix.ts';
import type { CommandDescriptions } from '../describing.ts';

export const authorizationCommands = {
  pasteAuthorization: {
    title: 'Paste Authorization URL or Code…',
    enabled: `${prefix}.authorizing`,
  },
} as const satisfies CommandDescriptions;
