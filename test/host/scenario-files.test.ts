import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';

/** What the extension host may take, whatever a folder holds: resident memory, in bytes. */
const mostResident = 600_000_000;

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
    writeFileSync(file('0-huge'), '['.repeat(120_000_000));
    for (let i = 0; i < 20; i++) {
      writeFileSync(file(`1-deep-${i}`), '['.repeat(1_048_576));
      writeFileSync(file(`2-wide-${i}`), `{"scenarios":[${'{},'.repeat(340_000)}{}]}`);
    }
    for (let i = 0; i < 300; i++) writeFileSync(file(`3-many-${i}`), '{"scenarios":[]}');
    // Ends when all that is shown has been read.
    await vscode.commands.executeCommand('testing.refreshTests');
    const peak = process.resourceUsage().maxRSS * 1024;
    assert.ok(peak < mostResident, `${peak} bytes at most`);
  });
});
