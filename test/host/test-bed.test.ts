import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';

describe('VS Code, in which the extension runs', () => {
  it('has found the extension in its folder', () => {
    const extension = vscode.extensions.getExtension('cm-relay.campaign-monitor-relay');
    assert.equal(extension?.extensionPath, process.env['HOST_TESTS_ROOT']);
  });

  it('opens a trusted folder', () => {
    assert.equal(vscode.workspace.workspaceFolders?.length, 1);
    assert.equal(vscode.workspace.isTrusted, true);
  });

  it('starts processes whose Node has node:sqlite, as the relay needs', async () => {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    assert.ok(folder);
    const program = join(folder, 'child.cjs');
    writeFileSync(
      program,
      `const { DatabaseSync } = require('node:sqlite');
      const row = new DatabaseSync(':memory:').prepare('select 6 * 7 as answer').get();
      process.send(row.answer, () => process.disconnect());`,
    );
    // Under Electron, process.execPath is VS Code itself: this variable makes it a Node.
    const child = fork(program, { env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' }, silent: true });
    const answer = await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`The process exited with ${code ?? 'a signal'}.`)));
    });
    assert.equal(answer, 42);
  });
});
