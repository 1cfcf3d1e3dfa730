/** Debug My Handler with VS Code's own debugger of Node (js-debug) and the examples' wrong handler. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { freePort } from '../free-port.ts';
import type { EventRow, Forwarding } from '../../src/protocol/history.ts';
import { nodeOf, run, startStage, until, type HostStage } from './relay-stage.ts';
import { debugScenarios, shown } from './scenario-runs.ts';

const program = join(process.env['HOST_TESTS_ROOT'] ?? '', 'examples/wrong-handler/server.js');
const configurationName = 'The wrong handler';
const timeoutMs = 1500;

/** The line where the handler makes a contact, from 0. */
const line = readFileSync(program, 'utf8')
  .split('\n')
  .findIndex((text) => text.includes('contacts.push'));

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

/** Takes what the quick pick that is open offers, until the command has ended. */
async function accepting(command: Thenable<unknown>): Promise<void> {
  const ended = Promise.resolve(command).then(() => true);
  const soon = (): Promise<boolean> => new Promise((resolve) => setTimeout(() => resolve(false), 50));
  do await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
  while (!(await Promise.race([ended, soon()])));
}

describe('Debug My Handler', function () {
  this.timeout(100_000);
  let stage: HostStage;
  let port: number;
  let hangs: ReturnType<typeof createServer>;
  let row: EventRow;
  /** What became of the sessions of this extension. */
  const ours: string[] = [];
  let following: readonly vscode.Disposable[] = [];
  const launch = (): vscode.WorkspaceConfiguration => vscode.workspace.getConfiguration('launch');
  const settings = (): vscode.WorkspaceConfiguration => vscode.workspace.getConfiguration('campaignMonitorRelay');

  const forwarding = async (id: string): Promise<Forwarding | undefined> => {
    const { event } = await stage.client.request('events/get', { id: row.id });
    return event.forwardings.find(({ destinationId }) => destinationId === id);
  };
  const lifted = async (): Promise<string[]> =>
    (await stage.client.request('relay/status', {})).destinations
      .filter((each) => each.timeoutLifted === true)
      .map((each) => each.destinationId);
  const stands = (): Promise<unknown> =>
    until(() => vscode.debug.activeStackItem instanceof vscode.DebugStackFrame && vscode.debug.activeDebugSession);

  before(async () => {
    assert.ok(line > 0);
    port = await freePort();
    hangs = createServer((request) => void request.resume()).listen(0, '127.0.0.1');
    await once(hangs, 'listening');
    stage = await startStage();
    await settings().update(
      'destinations',
      [
        { id: 'debugged', url: `http://127.0.0.1:${port}/callback`, timeoutMs },
        { id: 'other', url: `http://127.0.0.1:${(hangs.address() as AddressInfo).port}/`, timeoutMs },
      ],
      vscode.ConfigurationTarget.Global,
    );
    await until(
      async () => (await stage.client.request('relay/status', {})).destinations[0]?.destinationId === 'debugged',
    );
    await launch().update(
      'configurations',
      [
        { type: 'node', request: 'launch', name: 'Something else', program: '/nowhere.js' },
        {
          ...{ type: 'node', request: 'launch', name: configurationName, program, console: 'internalConsole' },
          env: { PORT: String(port), MAIL_MS: '1' },
        },
      ],
      vscode.ConfigurationTarget.Workspace,
    );
    following = [
      vscode.debug.onDidStartDebugSession(
        ({ type }) => void ours.push(...(type === 'campaign-monitor' ? ['began'] : [])),
      ),
      vscode.debug.onDidTerminateDebugSession(
        ({ type }) => void ours.push(...(type === 'campaign-monitor' ? ['ended'] : [])),
      ),
    ];
    const before = (await stage.client.request('events/query', { limit: 1 })).events[0]?.id;
    await stage.client.request('deliveries/inject', { body: { text: body('jane@example.org') } });
    row = (await until(async () => {
      const [event] = (await stage.client.request('events/query', { limit: 1 })).events;
      return event !== undefined && event.id !== before && event;
    })) as EventRow;
    // It is not the newest.
    await stage.client.request('deliveries/inject', { body: { text: body('joe@example.org') } });
  });
  after(async () => {
    for (const each of following) each.dispose();
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
    void vscode.debug.stopDebugging();
    await launch().update('configurations', undefined, vscode.ConfigurationTarget.Workspace);
    hangs.closeAllConnections();
    hangs.close();
    await stage.stop();
  });

  /** Continues, until the handler has answered and its timeout counts again. */
  const goOn = async (): Promise<void> => {
    await vscode.commands.executeCommand('workbench.action.debug.continue');
    await until(async () => (await forwarding('debugged'))?.state === 'sent');
    assert.equal((await forwarding('debugged'))?.status, 200);
    await until(async () => (await lifted()).length === 0);
  };

  const breakHere = (): void => {
    if (vscode.debug.breakpoints.length > 0) return;
    const place = new vscode.Location(vscode.Uri.file(program), new vscode.Position(line, 2));
    vscode.debug.addBreakpoints([new vscode.SourceBreakpoint(place)]);
  };

  it('asks once for the launch configuration, starts it, and the breakpoint in the handler is hit', async () => {
    breakHere();
    // The one that names the destination's port stands first.
    await accepting(run('debugHandler', nodeOf(row)));
    await stands();
    const frame = vscode.debug.activeStackItem as vscode.DebugStackFrame;
    const { stackFrames } = (await frame.session.customRequest('stackTrace', {
      threadId: frame.threadId,
      startFrame: 0,
      levels: 1,
    })) as { stackFrames: { line: number; source: { path: string } }[] };
    // In the browser's VS Code it is a URI of the server's.
    const [top] = stackFrames;
    assert.ok(top !== undefined && top.source.path.endsWith('/examples/wrong-handler/server.js'), top?.source.path);
    assert.equal(top.line, line + 1);

    // What the relay holds is seen in a session of ours beside the user’s.
    assert.deepEqual(ours, ['began']);

    // The handler’s timeout is over when that of the other destination is, and longer: it was sent again behind it.
    await until(async () => (await lifted()).length > 0);
    assert.deepEqual(await lifted(), ['debugged']);
    await stage.client.request('notifications/replay', {
      ids: [row.id],
      to: (await stage.client.request('relay/status', {})).settings.destinations[1]!,
    });
    await until(async () => {
      const other = await forwarding('other');
      return other?.state === 'failed' && /no answer within/.test(other.detail ?? '');
    });
    assert.equal((await forwarding('debugged'))?.state, 'waiting', 'it is under way still');

    await goOn();

    // It is remembered, and its session is found: nothing is asked, and nothing is started again. From the menu of the
    // table it is the row that was clicked, too.
    const session = rootOf(frame.session);
    const chosen = { ids: [row.id], active: row.id };
    await run('debugHandler', { webview: 'campaignMonitorRelay.table', chosen });
    await stands();
    assert.equal((await forwarding('debugged'))?.state, 'waiting', 'another event was sent');
    assert.equal(rootOf(vscode.debug.activeDebugSession ?? frame.session).id, session.id);
    await until(async () => (await lifted()).length > 0);
    assert.deepEqual(await lifted(), ['debugged']);
    await goOn();
  });

  it('waits no longer than the timeout says once the session is stopped, and what is ours ends with it', async () => {
    await run('debugHandler', nodeOf(row));
    await stands();
    await until(async () => (await lifted()).length > 0);
    const session = rootOf((vscode.debug.activeStackItem as vscode.DebugStackFrame).session);
    await stopped(session);
    await until(async () => (await lifted()).length === 0);
    await until(() => ours.length > 1);
    assert.deepEqual(ours, ['began', 'ended']);
  });

  it('waits for every event of a session that the user started with the remembered configuration', async () => {
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    assert.equal(await vscode.debug.startDebugging(folder, configurationName), true);
    await untilTaken(port);
    await stage.client.request('deliveries/inject', { body: { text: body('joan@example.org') } });
    await stands();
    await until(async () => (await lifted()).length > 0);
    assert.deepEqual(await lifted(), ['debugged']);
    await stopHere();
    await until(async () => (await lifted()).length === 0);
  });

  it('sends nothing to a server outside the debugger, and starts the one that is debugged when that has stopped', async () => {
    const requests: unknown[] = [];
    const connections: unknown[] = [];
    const outside = createServer((request, response) => {
      requests.push(request.url);
      response.end();
    });
    outside.on('connection', (socket) => connections.push(socket)).listen(port, '127.0.0.1');
    await once(outside, 'listening');
    const command = accepting(run('debugHandler', nodeOf(row)));
    // It is asked whether it is there, and then, when that was chosen, again and again.
    await until(() => connections.length > 2);
    outside.closeAllConnections();
    outside.close();
    await command;
    await stands();
    await until(async () => (await lifted()).length > 0);
    assert.deepEqual(requests, []);
    await stopHere();
  });

  it('ends the handler, and ours with it, by the key of debuggers, whichever of the two has the focus', async () => {
    breakHere();
    await accepting(run('debugHandler', nodeOf(row)));
    await stands();
    const session = rootOf((vscode.debug.activeStackItem as vscode.DebugStackFrame).session);
    await goOn();
    // Nothing stands: ours takes the focus with what it holds.
    await stage.client.request('debug/pause', {});
    await until(() => vscode.debug.activeDebugSession?.type === 'campaign-monitor');
    ours.length = 0;
    const ended: string[] = [];
    following = [...following, vscode.debug.onDidTerminateDebugSession(({ id }) => void ended.push(id))];
    await vscode.commands.executeCommand('workbench.action.debug.stop');
    await until(() => ended.includes(session.id) && ours.includes('ended'));
    await stage.client.request('debug/continue', {});
  });

  it('sends now what is held at a breakpoint, and sending resumed where nothing else is', async () => {
    await vscode.commands.executeCommand('notifications.clearAll');
    await stage.client.request('debug/breakpoints', { owner: 'terminal', add: [{ at: 'event' }] });
    const command = run('debugHandler', nodeOf(row));
    const sending = async (): Promise<string> => (await stage.client.request('relay/status', {})).sending.state;
    await until(async () => (await sending()) === 'paused');
    await until(async () => {
      await vscode.commands.executeCommand('notification.acceptPrimaryAction');
      return (await sending()) === 'flowing';
    });
    await command;
    await stands();
    await stage.client.request('debug/breakpoints', { remove: 'all' });
    await stopHere();
  });

  it('is where scenarios that are debugged in the Test Explorer stop', async () => {
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(folder !== undefined);
    const file = vscode.Uri.joinPath(folder.uri, 'handler.cm-scenario.json');
    let running: Promise<void> | undefined;
    const scenarios = [{ name: 'is taken', steps: [{ send: { sample: 'Subscribe' }, expect: { status: '2xx' } }] }];
    const destination = { url: `http://127.0.0.1:${port}/callback` };
    await vscode.workspace.fs.writeFile(file, Buffer.from(JSON.stringify({ destination, scenarios })));
    try {
      await shown(file);
      running = debugScenarios(file);
      await stands();
      const session = rootOf((vscode.debug.activeStackItem as vscode.DebugStackFrame).session);
      assert.equal(session.configuration.name, configurationName);
      await stopHere();
    } finally {
      await vscode.commands.executeCommand('testing.cancelRun');
      await running;
      await vscode.workspace.fs.delete(file);
    }
  });
});

describe('A handler that was debugged before the relay first ran in its folder', function () {
  this.timeout(100_000);

  it('is found, and its session alone is debugged', async () => {
    const first = await startStage();
    const { dataDir } = await first.client.request('relay/status', {});
    await first.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 20 });
    const port = await freePort();
    const launch = vscode.workspace.getConfiguration('launch');
    const settings = vscode.workspace.getConfiguration('campaignMonitorRelay');
    const configuration = {
      ...{ type: 'node', request: 'launch', name: configurationName, program, console: 'internalConsole' },
      env: { PORT: String(port), MAIL_MS: '1' },
    };
    await launch.update('configurations', [configuration], vscode.ConfigurationTarget.Workspace);
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    assert.equal(await vscode.debug.startDebugging(folder, configurationName), true);
    await untilTaken(port);
    const stage = await startStage();
    try {
      const destinations = [{ id: 'debugged', url: `http://127.0.0.1:${port}/callback` }];
      await settings.update('destinations', destinations, vscode.ConfigurationTarget.Global);
      await until(async () => {
        const { settings } = await stage.client.request('relay/status', {});
        return settings.destinations.some(({ id }) => id === 'debugged');
      });
      const place = new vscode.Location(vscode.Uri.file(program), new vscode.Position(line, 2));
      vscode.debug.addBreakpoints([new vscode.SourceBreakpoint(place)]);
      const started: string[] = [];
      const following = vscode.debug.onDidStartDebugSession(({ type, name }) => void started.push(`${type} ${name}`));
      await accepting(run('debugHandler'));
      await until(() => vscode.debug.activeStackItem instanceof vscode.DebugStackFrame);
      following.dispose();
      assert.deepEqual(started, ['campaign-monitor Deliveries']);
      const { destinations: stood } = await stage.client.request('relay/status', {});
      assert.equal(stood[0]?.timeoutLifted, true);
    } finally {
      vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
      await stopHere();
      await launch.update('configurations', undefined, vscode.ConfigurationTarget.Workspace);
      await stage.stop();
    }
  });
});

/** Resolves when somebody listens at a port of this machine. */
async function untilTaken(port: number): Promise<void> {
  await until(
    () =>
      new Promise<boolean>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.destroy();
          resolve(true);
        });
        socket.once('error', () => resolve(false));
      }),
  );
}

/** Stops the program that stands, with its sessions. */
async function stopHere(): Promise<void> {
  const { session } = vscode.debug.activeStackItem as vscode.DebugStackFrame;
  await stopped(rootOf(session));
}

/** Stops a session, and waits until VS Code no longer calls what has ended the active one. */
async function stopped(session: vscode.DebugSession): Promise<void> {
  let listening: vscode.Disposable | undefined;
  const ended = new Promise<void>((resolve) => {
    listening = vscode.debug.onDidTerminateDebugSession(({ id }) => {
      if (id === session.id) resolve();
    });
  });
  await vscode.debug.stopDebugging(session);
  await ended;
  listening?.dispose();
  await until(() => {
    const { activeStackItem } = vscode.debug;
    return activeStackItem === undefined || rootOf(activeStackItem.session).id !== session.id;
  });
}

function rootOf(session: vscode.DebugSession): vscode.DebugSession {
  return session.parentSession === undefined ? session : rootOf(session.parentSession);
}
