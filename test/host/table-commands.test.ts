/** The commands of the table's menu: each gets the rows that it was opened on, and none goes on to others. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { ChosenEvents, EventRow } from '../../src/protocol/history.ts';
import { closeEditors, run, startStage, until, type HostStage } from './relay-stage.ts';

const prefix = 'campaignMonitorRelay.';

interface Manifest {
  readonly contributes: { readonly menus: Readonly<Record<string, readonly Entry[]>> };
}

interface Entry {
  readonly command: string;
}

/** Every command of the menu and of the menus in it, as package.json has them. */
function menuCommands(): string[] {
  const own = vscode.extensions.all.find(({ id }) => id.endsWith('campaign-monitor-relay'));
  const { contributes } = own!.packageJSON as Manifest;
  const { menus } = contributes;
  return (menus['webview/context'] ?? []).map(({ command }) => command.slice(prefix.length));
}

/** What VS Code gives a command of the menu of a row. */
function clicked(...ids: string[]): { webview: string; chosen: ChosenEvents } {
  return { webview: `${prefix}table`, chosen: { ids, active: ids[0] ?? null } };
}

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

describe('The menu of a row of the table', function () {
  this.timeout(120_000);
  let stage: HostStage;
  let older: EventRow;

  before(async () => {
    stage = await startStage();
    [older] = (await stage.deliver(body('ann@example.org'))) as [EventRow];
    await stage.deliver(body('bea@example.org'));
  });
  after(() => stage.stop());
  afterEach(closeEditors);

  it('has commands, each of which does nothing where the row has gone', async () => {
    const commands = menuCommands();
    assert.ok(commands.length > 10, commands.join());
    const untouched = 'what was copied before';
    await vscode.env.clipboard.writeText(untouched);
    const before = stage.received.length;
    const goingOn: string[] = [];
    for (const command of commands) {
      const ended = await Promise.race([
        Promise.resolve(run(command, clicked('e999999'))).then(() => true),
        new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 10_000)),
      ]);
      if (!ended) {
        // It asks something, about another row.
        goingOn.push(command);
        await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
      }
      assert.equal(await vscode.env.clipboard.readText(), untouched, command);
      assert.deepEqual(
        vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ label }) => label)),
        [],
        command,
      );
    }
    assert.deepEqual(goingOn, []);
    assert.equal(stage.received.length, before);
  });

  it('is about the row that was clicked, not about the newest', async () => {
    await run('copyAs', clicked(older.id), 'address');
    assert.equal(await vscode.env.clipboard.readText(), 'ann@example.org');
    const before = stage.received.length;
    await run('resend', clicked(older.id));
    await until(() => stage.received.length === before + 1);
    assert.match(stage.received[before] ?? '', /ann@example\.org/);
  });

  it('is about the others where some have gone', async () => {
    await run('copyAs', clicked('e999999', older.id, 'e999998'), 'address');
    assert.equal(await vscode.env.clipboard.readText(), 'ann@example.org');
  });

  it('is with all selected about what the filter finds then, up to the newest that was seen, except some', async () => {
    const before = `e${Number(older.id.slice(1)) + 2}`;
    await stage.deliver(body('later@example.org'));
    const all = (except: string[]): { webview: string; chosen: ChosenEvents } => ({
      webview: `${prefix}table`,
      chosen: { filter: 'type:subscribe', before, except, count: 2 - except.length, active: older.id },
    });
    await run('copyAs', all([]), 'address');
    assert.equal(await vscode.env.clipboard.readText(), 'ann@example.org\nbea@example.org');
    const count = stage.received.length;
    await run('resend', all([older.id]));
    await until(() => stage.received.length === count + 1);
    assert.match(stage.received[count] ?? '', /bea@example\.org/);
    await run('discard', all([]));
    assert.equal(stage.received.length, count + 1);
  });
});
