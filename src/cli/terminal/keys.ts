/** Single keys in a terminal, while lines are printed to it. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { commandProcess } from './command-process.ts';

/** What the terminal itself makes of keys while it reads lines: it does not while it gives single ones. */
const signalOf: Readonly<Record<string, NodeJS.Signals>> = {
  '\x03': 'SIGINT',
  '\x1c': 'SIGQUIT',
  '\x1a': 'SIGTSTP',
};

/** So many that come together were still pressed one after another. */
const mostAtOnce = 8;

/** What a terminal sends for one key: a sequence, a key with Alt, or a character. */
// eslint-disable-next-line no-control-regex -- terminals begin sequences with it
const oneKey = /\x1b[[O][0-9;?<]*[A-Za-z~]|\x1b[^\x1b\x03\x1c\x1a]|[^]/g;

/** Whether keys can be read: both ends are a terminal, and it is this program's at the moment. */
export function hasKeys(): boolean {
  return commandProcess().stdin.isTTY && commandProcess().stdout.isTTY && isForeground();
}

/** Whether the terminal is this program's: one in the background is stopped by the system when it reads from it. */
export function isForeground(): boolean {
  if (process.platform === 'win32') return true;
  try {
    // Behind the name in brackets: state, parent, group, session, terminal, and the group that has the terminal.
    const fields = readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1)?.split(' ') ?? [];
    return fields[2] === fields[5];
  } catch {
    const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(process.pid)], { encoding: 'utf8' });
    return typeof stdout === 'string' && stdout.includes('+');
  }
}

/**
 * Reads single keys, each as its character. Ctrl-C, Ctrl-\\ and Ctrl-Z do what they always do.
 * @returns what ends it, and gives the terminal back as it was
 */
export function readKeys(onKey: (key: string, isPasted: boolean) => void): () => void {
  const { stdin } = commandProcess();
  const take = (chunk: Buffer): void => {
    const keys = chunk.toString().match(oneKey) ?? [];
    const isPasted = keys.length > mostAtOnce;
    for (const key of keys) {
      const signal = signalOf[key];
      if (signal === 'SIGTSTP') suspend();
      else if (signal !== undefined) process.kill(process.pid, signal);
      // A key without a character sends a sequence.
      else if (key === '\x1b' || !key.startsWith('\x1b')) onKey(key, isPasted);
    }
  };
  const begin = (): void => {
    stdin.setRawMode(true);
    stdin.on('data', take);
    stdin.resume();
  };
  const end = (): void => {
    stdin.off('data', take);
    stdin.pause();
    stdin.setRawMode(false);
  };
  const suspend = (): void => {
    end();
    commandProcess().once('SIGCONT', () => {
      if (hasKeys()) begin();
    });
    // The whole group, as the terminal does it.
    process.kill(0, 'SIGTSTP');
  };
  begin();
  return end;
}
