/** Questions go to standard error, since standard output is for the result. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { UsageError } from '../errors.ts';
import { whyMissing } from '../secret-variable.ts';
import { isForeground } from './keys.ts';
import { printable } from './text.ts';
import { commandProcess } from './command-process.ts';

export function canAsk(): boolean {
  return commandProcess().stdin.isTTY && commandProcess().stderr.isTTY && isForeground();
}

/** A program in the background can't read from the terminal. */
export function canRead(): boolean {
  return !commandProcess().stdin.isTTY || isForeground();
}

const [ctrlC, ctrlD, ctrlU, backspace, del] = ['\x03', '\x04', '\x15', '\b', '\x7f'];

/** Ctrl-C ends the command. @param question without a colon */
async function askSecret(question: string): Promise<string> {
  const { stdin, stderr } = commandProcess();
  // Must be first, so that nothing that is typed or pasted is shown.
  stdin.setRawMode(true);
  stderr.write(`${question} (not shown): `);
  let typed = '';
  try {
    return await new Promise<string>((resolve) => {
      const take = (chunk: Buffer): void => {
        for (const key of chunk.toString()) {
          if (key === ctrlC) process.kill(process.pid, 'SIGINT');
          else if (key === ctrlU) typed = '';
          else if (key === backspace || key === del) typed = typed.slice(0, -1);
          else if (key === '\r' || key === '\n' || key === ctrlD) {
            stdin.off('data', take);
            resolve(typed);
            return;
          } else if (key >= ' ') typed += key;
        }
      };
      stdin.on('data', take);
      stdin.resume();
    });
  } finally {
    stdin.pause();
    stdin.setRawMode(false);
    stderr.write('\n');
  }
}

/** Never from a flag, which would be in the shell's history. @throws UsageError if the user can't be asked */
export async function secretFrom(variable: string, what: string, where: string): Promise<string> {
  const held = commandProcess().env[variable]?.trim();
  if (held !== undefined && held !== '') return held;
  if (canAsk()) {
    const typed = (await askSecret(`Enter the ${what}`)).trim();
    if (typed !== '') return typed;
  }
  throw new UsageError(
    `no ${what}: the environment variable ${variable} ${whyMissing(held)}`,
    `${where} There is no flag for it, because shells save flags in their history.`,
  );
}

export async function askYesNo(question: string): Promise<boolean> {
  return /^y(?:es)?$/i.test((await askLine(`${question} [y/N] `)).trim());
}

export async function askLine(question: string): Promise<string> {
  commandProcess().stderr.write(printable(question, '\n'));
  const lines = readLines(() => undefined);
  try {
    const [line = ''] = (await Promise.race([once(lines.reader, 'line'), once(lines.reader, 'close')])) as [string?];
    return line;
  } finally {
    lines.close();
  }
}

export function readLines(onLine: (line: string) => void): {
  readonly reader: ReturnType<typeof createInterface>;
  close(): void;
} {
  const reader = createInterface({ input: commandProcess().stdin, terminal: false });
  reader.on('line', onLine);
  return {
    reader,
    close() {
      reader.close();
      commandProcess().stdin.pause();
    },
  };
}
