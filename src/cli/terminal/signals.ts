import { commandProcess } from './command-process.ts';

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
