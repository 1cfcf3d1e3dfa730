/** How an assistant's server of a window's relay is started. */

import type { SettingValue } from '../settings.ts';

/** What the user lets assistants do: nothing, read the history, or also send to destinations of the settings. */
export type AssistantRight = SettingValue<'assistants'>;

/** The rights by the setting's value: whatever is none of them lets nobody do anything. */
export function assistantRight(value: unknown): AssistantRight {
  return value === 'read' || value === 'send' ? value : 'off';
}

/**
 * The arguments of Node for the server.
 * @param bundle dist/cm-relay.js
 * @returns null where no assistant may do anything
 */
export function assistantArguments(right: AssistantRight, bundle: string, dataDir: string): string[] | null {
  if (right === 'off') return null;
  return [bundle, 'mcp', '--data-dir', dataDir, ...(right === 'send' ? ['--allow-write'] : [])];
}
