import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { EventRow } from '../../src/protocol/history.ts';
import { closeEditors, nodeOf, run, startStage, until, type HostStage } from './relay-stage.ts';

function body(address: string, events = 1): string {
  const event = { CustomFields: [], Date: '2026-01-15 09:30:00', Name: 'Jane', State: 'Active', Type: 'Update' };
  return JSON.stringify({
    ListID: '96c0bbdaa54760c8d9e62a2b7ffa2e13',
    Events: Array.from({ length: events }, (_, i) => ({
      ...event,
      EmailAddress: `${i}${address}`,
      OldEmailAddress: address,
    })),
  });
}

/** The document in the active editor, once it is that one. */
function shown(path: string): Promise<vscode.TextDocument> {
  return until(() => {
    const document = vscode.window.activeTextEditor?.document;
    return document?.uri.path === path ? document : undefined;
  }) as Promise<vscode.TextDocument>;
}

/** The two sides of the diff in the active tab, and its title. */
function diff(): Promise<{ left: string; right: string; title: string }> {
  return until(() => {
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
    if (!(tab?.input instanceof vscode.TabInputTextDiff)) return undefined;
    return { left: tab.input.original.path, right: tab.input.modified.path, title: tab.label };
  }) as Promise<{ left: string; right: string; title: string }>;
}

describe('The documents of an event', function () {
  this.timeout(180_000);
  let stage: HostStage;
  let row: EventRow;

  before(async () => {
    stage = await startStage();
    const [first] = await stage.deliver(body('jane@example.org'));
    assert.ok(first);
    row = first;
  });
  after(() => stage.stop());
  afterEach(closeEditors);

  it('open read-only in the language of what they hold', async () => {
    for (const [kind, name, language] of [
      ['body', 'body.json', 'json'],
      ['notification', 'notification.json', 'json'],
    ] as const) {
      await run('openAsText', kind, nodeOf(row));
      const document = await shown(`/${row.id}/${row.id} ${name}`);
      assert.equal(document.languageId, language);
      assert.equal(document.uri.scheme, 'campaignMonitorRelay');
      assert.notEqual(document.getText(), '');
      const text = document.getText();
      await vscode.commands.executeCommand('type', { text: 'x' });
      assert.equal(document.getText(), text, name);
    }
  });

  it('give way to the event in its editor, each in a preview tab', async () => {
    const custom = (viewType: string): Promise<vscode.Tab> =>
      until(() => {
        const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
        return tab?.input instanceof vscode.TabInputCustom && tab.input.viewType === viewType ? tab : undefined;
      }) as Promise<vscode.Tab>;
    await run('openAsText', 'body', nodeOf(row));
    await shown(`/${row.id}/${row.id} body.json`);
    await run('open', nodeOf(row));
    const event = await custom('campaignMonitorRelay.event');
    assert.equal((event.input as vscode.TabInputCustom).uri.path, `/event/${row.id}`);
    assert.equal(event.isPreview, true);
    assert.equal(vscode.window.tabGroups.activeTabGroup.tabs.length, 1);
  });

  it('show the body indented, at the event where there are several', async () => {
    await run('openAsText', 'body', nodeOf(row));
    const document = await shown(`/${row.id}/${row.id} body.json`);
    assert.equal(document.getText(), JSON.stringify(JSON.parse(body('jane@example.org')), null, 2));
    const rows = await stage.deliver(body('batch@example.org', 3));
    const third = rows[2];
    assert.ok(third);
    await run('openAsText', 'body', nodeOf(third));
    await shown(`/${third.id}/${third.id} body.json`);
    const line = await until(() => vscode.window.activeTextEditor?.selection.active.line);
    const text = vscode.window.activeTextEditor?.document.getText(new vscode.Range(line ?? 0, 0, (line ?? 0) + 8, 0));
    assert.match(text ?? '', /"EmailAddress": "2batch@example\.org"/);
  });

  it('say that the event is gone where it is, and are read from what a stopped relay left', async () => {
    const uri = vscode.Uri.parse('campaignMonitorRelay:/e999999/e999999 body.json', true);
    const document = await vscode.workspace.openTextDocument(uri);
    assert.equal(document.getText(), 'Event e999999 is no longer in the history.');
    await run('stop');
    const event = vscode.Uri.parse(`campaignMonitorRelay:/${row.id}/${row.id} event.json`, true);
    const stopped = await vscode.workspace.openTextDocument(event);
    await vscode.window.showTextDocument(stopped);
    assert.match(stopped.getText(), /jane@example\.org/);
    await run('start');
    await stage.reconnect();
  });

  it('are held against each other', async () => {
    const [other] = await stage.deliver(body('joe@example.org'));
    assert.ok(other);
    await run('compareBodies', nodeOf(other), [nodeOf(other), nodeOf(row)]);
    const bodies = await diff();
    assert.deepEqual(
      [bodies.left, bodies.right],
      [`/${row.id}/${row.id} body.json`, `/${other.id}/${other.id} body.json`],
    );
    assert.match(bodies.title, /^Update · \S*jane@example\.org ↔ Update · \S*joe@example\.org$/);
    await closeEditors();
    const [same] = await stage.deliver(body('joe@example.org'));
    assert.ok(same);
    await run('compareBodies', nodeOf(other), [nodeOf(other), nodeOf(same)]);
    assert.match((await diff()).title, new RegExp(`joe@example\\.org \\(${other.id}\\) ↔ .* \\(${same.id}\\)$`));
    await closeEditors();
    await run('compareWithNotification', nodeOf(other));
    assert.equal((await diff()).right, `/${other.id}/${other.id} notification.json`);
    await closeEditors();
    stage.status = 500;
    await run('resend', nodeOf(other));
    await until(async () => (await stage.client.request('events/get', { id: other.id })).attempts.length === 2);
    stage.status = 200;
    await run('compareAnswers', nodeOf(other));
    const answers = await diff();
    assert.deepEqual(
      [answers.left, answers.right],
      [`/${other.id}/${other.id} answer-1.txt`, `/${other.id}/${other.id} answer-2.txt`],
    );
    const right = await vscode.workspace.openTextDocument(
      vscode.Uri.parse(`campaignMonitorRelay:/${other.id}/${other.id} answer-2.txt`, true),
    );
    assert.match(right.getText(), /^Answered 500\n[^]*"said": 500/);
    await closeEditors();
    await run('openAsText', 'answer', nodeOf(other));
    await shown(`/${other.id}/${other.id} answer-2.txt`);
    await run('openAsText', 'answer', vscode.Uri.parse(`campaignMonitorRelay:${answers.left}`, true));
    await shown(answers.left);
  });
});
