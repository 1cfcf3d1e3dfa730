import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { EventRow } from '../../src/protocol/history.ts';
import { closeEditors, nodeOf, run, startStage, until } from './relay-stage.ts';
import type { HostStage } from './relay-stage.ts';

function body(...addresses: string[]): string {
  const Events = addresses.map((EmailAddress) => ({
    ...{ CustomFields: [], Date: '2026-01-15 09:30:00', EmailAddress, Name: 'Jane', Type: 'Subscribe' },
    SignupIPAddress: '192.0.2.1',
  }));
  return JSON.stringify({ Events, ListID: '96c0bbdaa54760c8d9e62a2b7ffa2e13' });
}

describe('What is held, without a debug session', function () {
  this.timeout(180_000);
  let stage: HostStage;

  const state = async (id: string): Promise<string | undefined> =>
    (await stage.client.request('events/get', { id })).event.forwardings[0]?.state;
  /** The addresses that the callback got, in order. */
  const taken = (from: number): string[] =>
    stage.received.slice(from).map((text) => /[a-z-]+@example\.org/.exec(text)?.[0] ?? '');
  const held = async (name: string): Promise<EventRow> => {
    const [row] = await stage.deliver(body(`${name}@example.org`));
    assert.equal(row?.forwardings[0]?.heldBy, 'pause');
    return row;
  };
  const heldBody = (id: string): Promise<vscode.TextDocument> =>
    until(() => {
      const document = vscode.window.activeTextEditor?.document;
      return document?.uri.path.endsWith(`/Subscribe ${id}.held.campaign-monitor.json`) === true ? document : undefined;
    }) as Promise<vscode.TextDocument>;
  const write = async (document: vscode.TextDocument, text: string): Promise<void> => {
    const edit = new vscode.WorkspaceEdit();
    edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), text);
    await vscode.workspace.applyEdit(edit);
  };

  before(async () => {
    stage = await startStage();
  });
  after(async () => {
    await stage.client.request('debug/continue', {});
    await stage.stop();
  });
  beforeEach(() => run('pauseSending'));
  afterEach(closeEditors);

  it('is released and discarded in a selection, each notification once, in the order in which it came', async () => {
    const [ann, bea, cai] = [await held('ann'), await held('bea'), await held('cai')];
    const batch = await stage.deliver(body('dea@example.org', 'dia@example.org'));
    const before = stage.received.length;
    const rows = [...batch, bea, ann];
    await run('release', nodeOf(bea), rows.map(nodeOf));
    await until(() => stage.received.length === before + 3);
    assert.deepEqual(taken(before), ['ann@example.org', 'bea@example.org', 'dea@example.org']);
    await run('discard', nodeOf(cai));
    assert.equal(await state(cai.id), 'discarded');
    const { sending } = await stage.client.request('relay/status', {});
    assert.equal(sending.state, 'paused');
  });

  it('is stepped through, and all of the rest goes on', async () => {
    await held('eva');
    await held('fay');
    await held('gil');
    const before = stage.received.length;
    await run('sendNext');
    await until(() => stage.received.length === before + 1);
    await run('continueSending');
    await until(() => stage.received.length === before + 3);
    assert.deepEqual(taken(before), ['eva@example.org', 'fay@example.org', 'gil@example.org']);
  });

  it('is edited and released in its place, by the lens above its body', async () => {
    const row = await held('hal');
    const before = stage.received.length;
    await run('editAndResend', nodeOf(row));
    const document = await heldBody(row.id);
    assert.equal(document.languageId, 'json');
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      'vscode.executeCodeLensProvider',
      document.uri,
    );
    assert.deepEqual(
      lenses.map(({ command }) => command?.command),
      ['campaignMonitorRelay.send'],
    );
    await write(document, body('hal-edited@example.org'));
    void run('send', document.uri);
    await until(() => stage.received.length === before + 1);
    assert.deepEqual(taken(before), ['hal-edited@example.org']);
    assert.equal(await state(row.id), 'discarded');
    const [edited] = (await stage.client.request('events/query', { limit: 1 })).events;
    const { delivery } = await stage.client.request('events/get', { id: edited?.id ?? '' });
    assert.equal(delivery.editOf, row.deliveryId);
  });

  it('is held on where the edited body is no JSON, to which the cursor goes, or would be rejected', async () => {
    const row = await held('ian');
    const before = stage.received.length;
    await run('editAndResend', nodeOf(row));
    const document = await heldBody(row.id);
    await write(document, '{\n  "Events" [\n');
    await run('send', document.uri);
    const position = vscode.window.activeTextEditor?.selection.active;
    assert.deepEqual([position?.line, position?.character], [1, 11]);
    assert.equal(await state(row.id), 'held');
    await write(document, '{"Events":[7]}');
    await run('send', document.uri);
    assert.equal(await state(row.id), 'held');
    assert.equal(stage.received.length, before);
  });
});
