/** The real httpYac, of the npm package. It has 200 dependencies, so it is no devDependency but installed once, here. */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../vscode/install.ts';
import { runNpm, say } from '../npm.ts';

/** Where its package.json and package-lock.json stand, which pin every package by its hash. */
const pinned = join(import.meta.dirname, 'httpyac');

/**
 * The program's file; installed into `.cache/` where it is not, in about 10 s and 70 MB, without install scripts.
 * @throws Error where npm fails
 */
export async function installHttpyac(): Promise<string> {
  const { dependencies } = JSON.parse(readFileSync(join(pinned, 'package.json'), 'utf8')) as {
    dependencies: { httpyac: string };
  };
  const folder = join(root, '.cache', `httpyac-${dependencies.httpyac}`);
  if (!existsSync(folder)) {
    say(`Installing httpYac ${dependencies.httpyac} into .cache/ (once, 70 MB)`);
    // Under another name until it is whole, so that an interrupted installation, or two at once, do no harm.
    const unfinished = `${folder}-${process.pid}`;
    mkdirSync(unfinished, { recursive: true });
    try {
      for (const file of ['package.json', 'package-lock.json']) cpSync(join(pinned, file), join(unfinished, file));
      await runNpm(['ci', '--ignore-scripts'], unfinished);
      if (!existsSync(folder)) renameSync(unfinished, folder);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
  return join(folder, 'node_modules', 'httpyac', 'bin', 'httpyac.js');
}

/**
 * Sends all requests of a `.http` file, as a person does with "send all".
 * @param env its whole environment
 * @returns what it printed
 */
export function sendAll(program: string, file: string, cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  const args = [program, 'send', file, '--all', '--no-color', '--output', 'none'];
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => printed.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => printed.push(text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(printed.join('')));
  });
}
