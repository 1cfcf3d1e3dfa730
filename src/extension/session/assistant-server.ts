import type { SettingValue } from '../settings.ts';

export type AssistantRight = SettingValue<'assistants'>;

/** An unknown value allows nothing. */
export function assistantRight(value: unknown): AssistantRight {
  return value === 'read' || value === 'send' ? value : 'off';
}

/**
 * Node's arguments for the server.
 * @param bundle dist/cm-relay.js
 * @returns null if assistants aren't allowed
 */
export function assistantArguments(right: AssistantRight, bundle: string, dataDir: string): string[] | null {
  if (right === 'off') return null;
  return [bundle, 'mcp', '--data-dir', dataDir, ...(right === 'send' ? ['--allow-write'] : [])];
}
