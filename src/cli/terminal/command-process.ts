import { AsyncLocalStorage } from 'node:async_hooks';
import { styleText as paint } from 'node:util';
import type { DebugClient } from '../../protocol/debug.ts';

export type CommandProcess = Pick<
  NodeJS.Process,
  'env' | 'exit' | 'kill' | 'off' | 'on' | 'once' | 'stderr' | 'stdin' | 'stdout'
>;

/** Specs run commands in their own process, each with its own streams, variables and signals. */
export const commandProcesses = new AsyncLocalStorage<CommandProcess>();

export function commandProcess(): CommandProcess {
  return commandProcesses.getStore() ?? process;
}

export function styleText(format: Parameters<typeof paint>[0], text: string): string {
  return paint(format, text, { stream: commandProcess().stdout });
}

export function thisTerminal(): DebugClient {
  return { kind: 'terminal', id: `process ${process.ppid}` };
}

/** A shell's exit code for a program that Ctrl-C ended. */
const endedAtOnce = 130;

/** Resolves with the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once. */
export function interrupted(): Promise<void> {
  const host = commandProcess();
  return new Promise((resolve) => {
    let asked = false;
    const end = (): void => {
      if (asked) host.exit(endedAtOnce);
      asked = true;
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) host.on(signal, end);
  });
}
