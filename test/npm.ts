/** npm and other programs, run by tests that install what they need into git-ignored folders. */
import { spawn } from 'node:child_process';

/** Standard output belongs to reports: progress goes to standard error. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Runs a program, its output on standard error, with a sign of life every ten seconds. */
export function runProgram(program: string, args: readonly string[], cwd: string): Promise<void> {
  const started = Date.now();
  const life = setInterval(() => say(`  … ${Math.round((Date.now() - started) / 1000)} s`), 10_000);
  const shell = process.platform === 'win32' && !program.endsWith('.exe');
  const child = spawn(program, args, { cwd, shell, stdio: ['ignore', process.stderr, process.stderr] });
  return new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code ?? 'a signal'}.`));
    });
  }).finally(() => clearInterval(life));
}

/** npm as this process was started by it, else the npm on the PATH. */
export function runNpm(args: readonly string[], cwd: string): Promise<void> {
  const cli = process.env['npm_execpath'];
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  return cli !== undefined && /npm-cli\.[cm]?js$/.test(cli)
    ? runProgram(process.execPath, [cli, ...args, ...quiet], cwd)
    : runProgram('npm', [...args, ...quiet], cwd);
}
