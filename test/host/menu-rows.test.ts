/** A command of the menu of a row of the tree, which VS Code draws anew while the menu is open. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { prefix } from '../../src/extension/prefix.ts';
import { closeEditors, run, startStage, until, type HostStage } from './relay-stage.ts';

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

/** What the extension asks of VS Code's commands meanwhile: a title gives a command the row that has the focus. */
async function callsDuring(work: () => Thenable<unknown>): Promise<unknown[][]> {
  const calls: unknown[][] = [];
  const { executeCommand } = vscode.commands;
  const commands = vscode.commands as { executeCommand: unknown };
  commands.executeCommand = (...args: Parameters<typeof executeCommand>) => {
    calls.push(args);
    return executeCommand(...args);
  };
  try {
    await work();
  } finally {
    commands.executeCommand = executeCommand;
  }
  return calls;
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
    const { executeCommand } = vscode.commands;
    // A click with the other button gives the row the focus, and leaves the selection. The tree may still be on its way,
    // and what was opened of another row has the focus then.
    await until(async () => {
      await closeEditors();
      await run('events.focus');
      await executeCommand('list.focusFirst');
      await executeCommand('list.focusDown');
      // What VS Code gives in place of a row that it does not know.
      await run('editAndResend', undefined, undefined);
      return vscode.window.activeTextEditor?.document.getText().includes('ann@example.org');
    });
    assert.equal(vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).length, 1);
  });

  it('is not needed by what stands in the title of the view, too', async () => {
    const errors: string[] = [];
    const { showErrorMessage } = vscode.window;
    (vscode.window as { showErrorMessage: unknown }).showErrorMessage = (text: string) => {
      errors.push(text);
      return Promise.resolve(undefined);
    };
    try {
      await run('events.focus');
      await run('filterEvents', 'address:nobody@example.org');
      // What VS Code gives in a title where no row has the focus.
      await run('showLog', undefined, undefined);
    } finally {
      await run('clearFilter');
      vscode.window.showErrorMessage = showErrorMessage;
    }
    assert.deepEqual(errors, []);
  });

  it('thaws a frozen list, however often its row is clicked', async () => {
    const key = `${prefix}.paused`;
    const frozen = (calls: readonly unknown[][]): unknown[] =>
      calls.filter(([id, name]) => id === 'setContext' && name === key).map(([, , value]) => value);
    assert.deepEqual(frozen(await callsDuring(() => run('toggleFrozen'))), [true]);
    assert.deepEqual(frozen(await callsDuring(() => run('toggleFrozen', false))), [false]);
    assert.ok(!frozen(await callsDuring(() => run('toggleFrozen', false))).includes(true));
  });
});
