import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';

/**
 * What the extension host may take for it, whatever a folder holds: resident memory, in bytes. With that of an extension
 * host that does nothing else it is below 600 MB.
 */
const mostTaken = 300_000_000;

describe('A folder of hostile scenario files', function () {
  this.timeout(180_000);
  let folder: string;

  before(() => {
    const [home] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(home !== undefined);
    folder = join(home.uri.fsPath, 'hostile');
    mkdirSync(folder);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('keeps the extension host’s memory within its bound when they are looked for', async () => {
    const file = (name: string): string => join(folder, `${name}.cm-scenario.json`);
    // What the specs before it took is not counted.
    const before = process.memoryUsage.rss();
    if (process.platform === 'linux') writeFileSync('/proc/self/clear_refs', '5');
    // In pieces: what makes it is in this process, too.
    for (let i = 0; i < 120; i++) appendFileSync(file('0-huge'), '['.repeat(1_000_000));
    for (let i = 0; i < 20; i++) {
      writeFileSync(file(`1-deep-${i}`), '['.repeat(1_048_576));
      writeFileSync(file(`2-wide-${i}`), `{"scenarios":[${'{},'.repeat(340_000)}{}]}`);
    }
    for (let i = 0; i < 300; i++) writeFileSync(file(`3-many-${i}`), '{"scenarios":[]}');
    // Ends when all that is shown has been read.
    await vscode.commands.executeCommand('testing.refreshTests');
    if (process.platform !== 'linux') return;
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    const taken = Number(kib) * 1024 - before;
    assert.ok(taken < mostTaken, `${taken} bytes more than before`);
  });
});
