import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import * as vscode from 'vscode';
import { sampleBody } from '../relay/stage.ts';
import { startStage, until, type HostStage } from './relay-stage.ts';

const type = 'campaign-monitor';

/** The sockets on which this process takes connections, of TCP and of the file system, as Linux tells. */
function listeners(): string[] {
  const own = new Set(
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? [];
      } catch {
        // The one that lists the folder is closed again.
        return [];
      }
    }),
  );
  const columns = (path: string): string[][] =>
    readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
  const tcp = ['/proc/self/net/tcp', '/proc/self/net/tcp6'].flatMap((path) =>
    columns(path).flatMap(([, local = '', , state, , , , , , inode = '']) => (state === '0A' ? [[local, inode]] : [])),
  );
  const unix = columns('/proc/self/net/unix').flatMap(([, , , flags, , , inode = '', path = '']) =>
    flags === '00010000' ? [[path, inode]] : [],
  );
  return [...tcp, ...unix].flatMap(([where = '', inode = '']) => (own.has(inode) ? [where] : [])).sort();
}

describe('A debug session of deliveries', () => {
  let stage: HostStage;

  before(async () => {
    stage = await startStage();
  });
  after(async () => {
    await stage.stop();
  });
  afterEach(async () => {
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
    await vscode.debug.stopDebugging();
    await until(() => vscode.debug.activeDebugSession === undefined);
    await stage.client.request('debug/continue', {});
  });

  const send = async (email: string): Promise<void> => {
    const { campaignMonitorUrl } = await stage.client.request('relay/status', {});
    assert.equal((await fetch(campaignMonitorUrl, { method: 'POST', body: sampleBody({ email }) })).status, 200);
  };
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  const start = (): Thenable<boolean> =>
    vscode.debug.startDebugging(folder, { type, request: 'attach', name: 'Deliveries' });

  it('stops at the function breakpoints that VS Code keeps, and its breakpoints go with it', async () => {
    vscode.debug.addBreakpoints([
      new vscode.FunctionBreakpoint('Subscribe', true, 'address:ann@example.org'),
      new vscode.FunctionBreakpoint('Unsubscribed'),
    ]);
    assert.equal(await start(), true);
    const session = await until(() => vscode.debug.activeDebugSession);
    assert.ok(session !== undefined);
    await until(async () => {
      const { breakpoints } = await stage.client.request('debug/breakpoints', {});
      return breakpoints.some(({ condition }) => condition === 'type:Subscribe address:ann@example.org');
    });
    await send('ann@example.org');
    const frame = await until(() => {
      const item = vscode.debug.activeStackItem;
      return item instanceof vscode.DebugStackFrame && item.threadId > 1 ? item : undefined;
    });
    const { threads } = (await session.customRequest('threads')) as { threads: { id: number; name: string }[] };
    const held = threads.find(({ id }) => id === frame?.threadId);
    assert.match(held?.name ?? '', /^Subscribe · ann@example\.org · e\d+/);
    await until(() => vscode.window.activeTextEditor?.document.uri.path.endsWith('notification.json'));
    const frames = (await session.customRequest('stackTrace', { threadId: held?.id })) as {
      stackFrames: { id: number }[];
    };
    const { scopes } = (await session.customRequest('scopes', { frameId: frames.stackFrames[0]?.id })) as {
      scopes: { name: string; variablesReference: number }[];
    };
    const variablesReference = scopes.find(({ name }) => name === 'Event')?.variablesReference;
    const changed = { variablesReference, name: 'EmailAddress', value: '"eve@example.org"' };
    await session.customRequest('setVariable', changed);
    const before = stage.received.length;
    await session.customRequest('next', { threadId: held?.id });
    await until(() => stage.received.length === before + 1);
    assert.match(stage.received.at(-1) ?? '', /eve@example\.org/);
    await vscode.debug.stopDebugging(session);
    await until(async () => (await stage.client.request('debug/breakpoints', {})).breakpoints.length === 0);
  });

  it('listens nowhere: the adapter is in this process and has no socket of its own', async function () {
    if (process.platform !== 'linux') this.skip();
    const before = listeners();
    assert.equal(await start(), true);
    const session = await until(() => vscode.debug.activeDebugSession);
    await session?.customRequest('threads');
    assert.deepEqual(listeners(), before);
  });

  it('is one for a window: another takes its place, with the breakpoints', async () => {
    vscode.debug.addBreakpoints([new vscode.FunctionBreakpoint('Subscribe')]);
    assert.equal(await start(), true);
    const first = await until(() => vscode.debug.activeDebugSession);
    const ended: string[] = [];
    const following = vscode.debug.onDidTerminateDebugSession(({ id }) => ended.push(id));
    assert.equal(await start(), true);
    await until(() => vscode.debug.activeDebugSession?.id !== first?.id && vscode.debug.activeDebugSession);
    following.dispose();
    assert.deepEqual(ended, [first?.id]);
    await until(async () => (await stage.client.request('debug/breakpoints', {})).breakpoints.length > 0);
  });

  it('goes on by a restart when launch.json has changed, and takes what that says', async () => {
    const launch = vscode.workspace.getConfiguration('launch');
    const configuration = { type, request: 'attach', name: 'Ours', stopAtEvents: false };
    const write = (configurations: unknown): Thenable<void> =>
      launch.update('configurations', configurations, vscode.ConfigurationTarget.Workspace);
    try {
      await write([configuration]);
      assert.equal(await vscode.debug.startDebugging(folder, 'Ours'), true);
      const session = await until(() => vscode.debug.activeDebugSession);
      await write([{ ...configuration, stopOnEntry: true }]);
      await vscode.commands.executeCommand('workbench.action.debug.restart');
      await until(async () => (await stage.client.request('relay/status', {})).sending.state === 'paused');
      assert.equal(vscode.debug.activeDebugSession?.id, session?.id);
    } finally {
      await write(undefined);
    }
  });
});
