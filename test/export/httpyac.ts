/** The real httpYac, of the npm package. It has 200 dependencies, so it is no devDependency but installed once, here. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../vscode/install.ts';
import { runNpm, say } from '../npm.ts';

const version = '6.16.7';

/**
 * Installs httpYac into `.cache/` if it is not there, in about 10 s and 70 MB, without install scripts.
 * @returns the program's file
 * @throws Error if npm fails
 */
export async function installHttpyac(): Promise<string> {
  const folder = join(root, '.cache', `httpyac-${version}`);
  if (!existsSync(folder)) {
    say(`Installing httpYac ${version} into .cache/ (once, 70 MB)`);
    // Under another name until it is whole, so that an interrupted installation, or two at once, do no harm.
    const unfinished = `${folder}-${process.pid}`;
    mkdirSync(unfinished, { recursive: true });
    try {
      // Without a package.json here, npm would install into the project itself.
      writeFileSync(join(unfinished, 'package.json'), '{ "private": true }\n');
      await runNpm(['install', `httpyac@${version}`, '--save-exact', '--ignore-scripts'], unfinished);
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
