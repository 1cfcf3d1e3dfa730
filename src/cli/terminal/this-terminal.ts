import type { DebugClient } from '../../protocol/debug.ts';

/** This terminal, as the relay says who paused sending. */
export function thisTerminal(): DebugClient {
  return { kind: 'terminal', id: `process ${process.ppid}` };
}
