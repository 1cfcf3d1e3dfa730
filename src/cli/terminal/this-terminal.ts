import type { DebugClient } from '../../protocol/debug.ts';

/** For the relay to show who paused sending. */
export function thisTerminal(): DebugClient {
  return { kind: 'terminal', id: `process ${process.ppid}` };
}
