/** What the extension costs VS Code: its activation by VS Code's own figure, and its sizes. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { mainBundle } from '../scripts/main-bundle.ts';
import { until } from '../test/relay/until.ts';
import { closeEverything, openWorkbench } from '../test/workbench/workbench.ts';
import { quietMoment } from './machine.ts';
import { root } from './processes.ts';
import { boundRow } from './report.ts';
import type { Result } from './report.ts';
import { spread } from './statistics.ts';

/** Milliseconds, of VS Code's report on its start. */
interface Activation {
  readonly load: number;
  readonly call: number;
}

/** Opens a window, and reads the report once the extension is in it: nothing on the screen says that it is active. */
async function activation(): Promise<Activation> {
  const workbench = await openWorkbench();
  const { page } = workbench;
  const editor = page.locator('.monaco-editor').filter({ hasText: 'System Info' });
  /** The report is of the moment at which it is opened. */
  const row = await until(async () => {
    await workbench.runCommand('Developer: Startup Performance');
    await editor.first().click();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Control+c');
    const text = await page.evaluate<string>('navigator.clipboard.readText()');
    const found = /campaign-monitor-relay[^|]*\|[^|]*\|\s*(?<load>\d+)\s*\|\s*(?<call>\d+)/.exec(text)?.groups;
    if (found === undefined) await workbench.runCommand('View: Close All Editors');
    return found;
  }, 60_000);
  await workbench.close();
  return { load: Number(row['load']), call: Number(row['call']) };
}

/**
 * Measures what the extension costs; needs dist/.
 * @param rounds how many windows are opened
 */
export async function extension(rounds: number): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'cm-bench-vsix-'));
  try {
    const vsix = join(folder, 'extension.vsix');
    execFileSync(process.execPath, ['scripts/package.ts', vsix], { cwd: root, stdio: 'ignore' });
    const times: Activation[] = [];
    for (let round = 0; round < rounds; round++) {
      await quietMoment();
      times.push(await activation());
    }
    const kilobytes = (file: string): number => statSync(file).size / 1000;
    return {
      letter: 'g',
      title: 'The extension',
      rows: [
        boundRow('activate()', 'ms', spread(times.map(({ call }) => call)), 10),
        boundRow('loading the code before it', 'ms', spread(times.map(({ load }) => load)), null),
        boundRow('main bundle', 'kB', spread([mainBundle().reduce((sum, file) => sum + kilobytes(file), 0)]), 150),
        boundRow('VSIX', 'kB', spread([kilobytes(vsix)]), 1500),
      ],
      remarks: [
        'The times are VS Code’s own (Developer: Startup Performance), in its browser build, among its own extensions’ starts.',
        `${rounds} windows, each begun at a quiet moment or after a minute; the load of the machine was ${loadavg()[0]!.toFixed(1)} at the end.`,
      ],
    };
  } finally {
    await closeEverything();
    rmSync(folder, { recursive: true, force: true });
  }
}
