import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { EventRow } from '../../src/protocol/history.ts';
import { closeEditors, nodeOf, run, startStage, until, type HostStage } from './relay-stage.ts';

function body(address: string, type = 'Subscribe'): string {
  const event = { CustomFields: [], Date: '2026-01-15 09:30:00', EmailAddress: address, Name: 'Jane', Type: type };
  return JSON.stringify({
    Events: [{ ...event, SignupIPAddress: '192.0.2.1' }],
    ListID: '96c0bbdaa54760c8d9e62a2b7ffa2e13',
  });
}

function activeDocument(ending: string): Promise<vscode.TextDocument> {
  return until(() => {
    const document = vscode.window.activeTextEditor?.document;
    return document?.uri.path.endsWith(ending) === true ? document : undefined;
  }) as Promise<vscode.TextDocument>;
}

/** Takes what the quick pick or input box that is open offers, until the command has ended. */
async function accepting(command: Thenable<unknown>): Promise<void> {
  const ended = Promise.resolve(command).then(() => true);
  const soon = (): Promise<boolean> => new Promise((resolve) => setTimeout(() => resolve(false), 50));
  do await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
  while (!(await Promise.race([ended, soon()])));
}

async function latest(stage: HostStage): Promise<EventRow | undefined> {
  return (await stage.client.request('events/query', { limit: 1 })).events[0];
}

describe('What can be done with an event', function () {
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

  it('is resent, alone and in a selection, with the very bytes', async () => {
    const [other] = await stage.deliver(body('joe@example.org'));
    assert.ok(other);
    const before = stage.received.length;
    await run('resend', nodeOf(row), [nodeOf(row), nodeOf(other)]);
    await until(() => stage.received.length === before + 2);
    assert.equal(stage.received.filter((text) => text === stage.received[before]).length, 2);
  });

  it('is resent once a notification, however many of its events are selected', async () => {
    const event = (n: number) => JSON.parse(body(`batch-${n}@example.org`)) as { Events: unknown[]; ListID: string };
    const Events = Array.from({ length: 250 }, (_each, n) => event(n).Events[0]);
    const rows = await stage.deliver(JSON.stringify({ ...event(0), Events }));
    assert.equal(rows.length, 250);
    const notifications = new Set(rows.map(({ notificationId }) => notificationId)).size;
    const before = stage.received.length;
    // Some of each: of more than 20 it would be asked.
    const some = rows.filter((_each, n) => n % 13 === 0);
    assert.equal(new Set(some.map(({ notificationId }) => notificationId)).size, notifications);
    await run('resend', nodeOf(some[0]!), some.map(nodeOf));
    await until(() => stage.received.length === before + notifications);
    // Whatever was sent too much would stand before this one.
    const [last] = await stage.deliver(body('last@example.org'));
    assert.ok(last);
    assert.equal(stage.received.length, before + notifications + 1);
  });

  it('is resent to another destination that is chosen', async () => {
    const before = stage.received.length;
    await accepting(run('resendTo', nodeOf(row)));
    await until(() => stage.received.length === before + 1);
  });

  it('is resent with all that failed', async () => {
    stage.status = 500;
    for (const name of ['one', 'two', 'three']) await stage.deliver(body(`${name}@example.org`));
    const counts = async () => (await stage.client.request('relay/status', {})).counts;
    await until(async () => (await counts()).failed === 3);
    stage.status = 200;
    await run('resendFailed');
    await until(async () => {
      const { failed, waiting } = await counts();
      return failed + waiting === 0;
    });
  });

  it('is resent or discarded with all of them once that is confirmed, and what is discarded stays in the history', async () => {
    const counts = async () => (await stage.client.request('relay/status', {})).counts;
    const { showWarningMessage } = vscode.window;
    const asked: string[] = [];
    let answer: string | undefined;
    (vscode.window as { showWarningMessage: unknown }).showWarningMessage = (
      text: string,
      { detail = '' }: vscode.MessageOptions,
    ) => {
      asked.push(`${text} ${detail}`);
      return Promise.resolve(answer);
    };
    try {
      stage.status = 500;
      const event = JSON.parse(body('many@example.org')) as { Events: unknown[] };
      await stage.deliver(JSON.stringify({ ...event, Events: Array(420).fill(event.Events[0]) }));
      await until(async () => (await counts()).failed === 21);
      stage.status = 200;
      await run('resendFailed');
      assert.deepEqual(asked.splice(0), ['Resend all 21 failed notifications? You can’t undo this.']);
      assert.equal((await counts()).failed, 21);
      answer = 'Resend';
      await run('resendFailed');
      await until(async () => {
        const { failed, waiting } = await counts();
        return failed + waiting === 0;
      });
      asked.length = 0;

      await run('pauseSending');
      const { events, discarded } = await counts();
      await stage.deliver(body('one@example.org'));
      await stage.deliver(body('two@example.org'));
      answer = undefined;
      await run('discardWaiting');
      assert.equal((await counts()).held, 2);
      answer = 'Discard';
      await run('discardWaiting');
      const text = 'Discard all 2 waiting and held notifications?';
      const detail = 'Discarded notifications stay in the history, and you can resend them.';
      assert.deepEqual(asked, [`${text} ${detail}`, `${text} ${detail}`]);
      const after = await counts();
      assert.deepEqual([after.held, after.discarded, after.events], [0, discarded + 2, events + 2]);
    } finally {
      vscode.window.showWarningMessage = showWarningMessage;
      await run('continueSending');
    }
  });

  it('is edited in a JSON document, checked by the schema, and sent as a new event', async () => {
    await run('editAndResend', nodeOf(row));
    const document = await activeDocument(`Subscribe ${row.id}.campaign-monitor.json`);
    assert.equal(document.languageId, 'json');
    assert.equal(document.getText(), JSON.stringify(JSON.parse(body('jane@example.org')), null, 2));
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      'vscode.executeCodeLensProvider',
      document.uri,
    );
    assert.deepEqual(
      lenses.map(({ command }) => command?.command),
      ['campaignMonitorRelay.send'],
    );
    const replace = async (from: string, to: string): Promise<void> => {
      const at = document.getText().indexOf(from);
      const edit = new vscode.WorkspaceEdit();
      const range = new vscode.Range(document.positionAt(at), document.positionAt(at + from.length));
      edit.replace(document.uri, range, to);
      await vscode.workspace.applyEdit(edit);
    };
    await replace('"SignupIPAddress"', '"SignupIP"');
    const problems = await until(() => {
      const found = vscode.languages.getDiagnostics(document.uri);
      return found.length > 0 ? found : undefined;
    });
    assert.match(problems?.[0]?.message ?? '', /SignupIPAddress/);
    await replace('"SignupIP"', '"SignupIPAddress"');
    await replace('jane@example.org', 'edited@example.org');
    // The message waits for its button.
    void run('send', document.uri);
    const sent = await until(async () => {
      const found = await latest(stage);
      return found?.address === 'edited@example.org' ? found : undefined;
    });
    assert.equal(sent?.injected, true);
    // Nothing of it is to be saved: VS Code would ask.
    await until(() => document.isClosed);
  });

  it('is not sent where it is no JSON: the cursor goes to the place', async () => {
    await run('editAndResend', nodeOf(row));
    const document = await activeDocument('.campaign-monitor.json');
    const edit = new vscode.WorkspaceEdit();
    edit.replace(document.uri, new vscode.Range(1, 0, 2, 0), '  "Events" [\n');
    await vscode.workspace.applyEdit(edit);
    const before = await latest(stage);
    await run('send', document.uri);
    const position = vscode.window.activeTextEditor?.selection.active;
    assert.deepEqual([position?.line, position?.character], [1, 11]);
    assert.equal((await latest(stage))?.id, before?.id);
  });

  it('is copied in every format, with its address', async () => {
    for (const [format, expected] of [
      ['curl', /^# n\d+ of d\d+\ncurl /],
      ['http', /^### n\d+ of d\d+\nPOST http/],
      ['har', /^\{"log":/],
      ['fixture', /"fixture": "cm-relay"/],
      ['address', /^jane@example\.org$/],
    ] as const) {
      await run('copyAs', nodeOf(row), [nodeOf(row)], format);
      assert.match(await vscode.env.clipboard.readText(), expected, format);
    }
  });

  it('is saved where it belongs, over nothing that is there', async () => {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    assert.ok(folder);
    const [other] = await stage.deliver(body('kim@example.org'));
    assert.ok(other);
    const one = [nodeOf(row)];
    for (const [command, nodes, name, ending] of [
      ['createTest', one, `Subscribe-${row.id}`, '.test.mjs'],
      ['createTest', [...one, nodeOf(other)], `Subscribe-${row.id}`, '.cm-scenario.json'],
      ['editAndResend', one, `Subscribe ${row.id}`, '.campaign-monitor.json'],
    ] as const) {
      for (const number of ['', '-2', '-3']) {
        await accepting(run(command, nodes[0], nodes));
        const file = vscode.Uri.joinPath(folder, `${name}${number}${ending}`);
        const document = await activeDocument(file.path);
        const text = document.getText();
        assert.equal(await document.save(), true);
        assert.equal(Buffer.from(await vscode.workspace.fs.readFile(file)).toString(), text);
        await closeEditors();
      }
    }
    // Where the Test Explorer looks for them.
    const scenarios = await vscode.workspace.findFiles('**/*.cm-scenario.json');
    assert.equal(scenarios.length, 3);
    const others = await vscode.workspace.findFiles('*.{test.mjs,campaign-monitor.json}');
    for (const file of [...scenarios, ...others]) await vscode.workspace.fs.delete(file);
  });
});
