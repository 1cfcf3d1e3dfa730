import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { commandProcess } from './command-process.ts';

/** The terminal sends these signals itself only while it reads whole lines. */
const signalOf: Readonly<Record<string, NodeJS.Signals>> = {
  '\x03': 'SIGINT',
  '\x1c': 'SIGQUIT',
  '\x1a': 'SIGTSTP',
};

/** More keys than this at once were pasted. */
const mostAtOnce = 8;

// eslint-disable-next-line no-control-regex -- terminals begin sequences with it
const oneKey = /\x1b[[O][0-9;?<]*[A-Za-z~]|\x1b[^\x1b\x03\x1c\x1a]|[^]/g;

export function hasKeys(): boolean {
  return commandProcess().stdin.isTTY && commandProcess().stdout.isTTY && isForeground();
}

/** The system stops a background program that reads from the terminal. */
export function isForeground(): boolean {
  if (process.platform === 'win32') return true;
  try {
    // After the name in brackets: state, parent, group, session, terminal, and the terminal's foreground group.
    const fields = readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1)?.split(' ') ?? [];
    return fields[2] === fields[5];
  } catch {
    const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(process.pid)], { encoding: 'utf8' });
    return typeof stdout === 'string' && stdout.includes('+');
  }
}

/** Ctrl-C, Ctrl-\ and Ctrl-Z keep working. @returns ends it, and restores the terminal */
export function readKeys(onKey: (key: string, isPasted: boolean) => void): () => void {
  const { stdin } = commandProcess();
  const take = (chunk: Buffer): void => {
    const keys = chunk.toString().match(oneKey) ?? [];
    const isPasted = keys.length > mostAtOnce;
    for (const key of keys) {
      const signal = signalOf[key];
      if (signal === 'SIGTSTP') suspend();
      else if (signal !== undefined) process.kill(process.pid, signal);
      // Keys without a character send a sequence.
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
    // Stop the whole process group, like the terminal.
    process.kill(0, 'SIGTSTP');
  };
  begin();
  return end;
}
