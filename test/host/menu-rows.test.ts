/** A command of the menu of a row of the tree, which VS Code draws anew while the menu is open. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { closeEditors, run, startStage, until } from './relay-stage.ts';
import type { HostStage } from './relay-stage.ts';

function body(address: string): string {
  const event = {
    CustomFields: [],
    Date: '2026-01-15 09:30:00',
    EmailAddress: address,
    Name: 'Jane',
    Type: 'Subscribe',
  };
  return JSON.stringify({ Events: [event], ListID: '96c0bbdaa54760c8d9e62a2b7ffa2e13' });
}

describe('The menu of a row of the tree that is drawn anew below it', function () {
  this.timeout(120_000);
  let stage: HostStage;

  before(async () => {
    stage = await startStage();
    await stage.deliver(body('ann@example.org'));
    await stage.deliver(body('bea@example.org'));
  });
  after(() => stage.stop());
  afterEach(closeEditors);

  it('is about the row that was clicked, though VS Code names none at that moment', async () => {
    await run('events.focus');
    const { executeCommand } = vscode.commands;
    // A click with the other button gives the row the focus, and leaves the selection. The tree may still be on its way.
    await until(async () => {
      await executeCommand('list.focusFirst');
      await executeCommand('list.focusDown');
      // What VS Code gives in place of a row that it does not know.
      await run('editAndResend', undefined, undefined);
      return vscode.window.activeTextEditor?.document.getText().includes('ann@example.org');
    });
    assert.equal(vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).length, 1);
  });
});
