import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterward, temporaryFolder } from '../relay/afterward.ts';
import { startReceiver } from '../relay/receiver.ts';
import { send } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { build } from './build.ts';

/** Starts it, has it take a delivery, waits for `more`, and ends it in order. */
async function useOnce(
  program: string,
  args: readonly string[],
  dataDir: string,
  more?: () => Promise<unknown>,
): Promise<void> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  afterward(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  const lines = createInterface(child.stdout);
  const [line] = (await once(lines, 'line')) as [string];
  const { type, campaignMonitorUrl } = JSON.parse(line) as { type: string; campaignMonitorUrl: string };
  assert.equal(type, 'ready', line);
  assert.equal((await send(campaignMonitorUrl, { body: sampleBody() })).status, 200);
  assert.ok(existsSync(join(dataDir, 'relay.sqlite')));
  lines.resume();
  await more?.();
  child.kill('SIGTERM');
  assert.equal((await ended)[0], 0);
}

describe('The program as it starts', function () {
  this.timeout(120_000);

  const name = 'cm-relay.js';
  const uses: Record<string, (dataDir: string) => string[]> = {
    "as the relay's own process": (dataDir) => ['relay-process', '--data-dir', dataDir],
    'on the command line': (dataDir) => ['listen', '--json', '--port', '0', '--data-dir', dataDir],
  };
  for (const [use, argsFor] of Object.entries(uses)) {
    it(`keeps its compiled code beside it, and needs none that is sound: ${use}`, async () => {
      const { folder } = build();
      const kept = join(folder, '.compiled');
      rmSync(kept, { recursive: true, force: true });
      const dataDir = temporaryFolder();
      const start = (): Promise<void> => useOnce(join(folder, name), argsFor(dataDir), dataDir);
      await start();
      const [file = '', ...others] = readdirSync(kept);
      assert.deepEqual([file.startsWith(`${name}.`), others], [true, []]);
      const code = readFileSync(join(kept, file));
      await start();
      assert.ok(readFileSync(join(kept, file)).equals(code), 'it was used as it is');
      truncateSync(join(kept, file), code.length / 2);
      await start();
      assert.ok(readFileSync(join(kept, file)).length > code.length / 2, 'it was kept anew');
      rmSync(kept, { recursive: true });
      writeFileSync(kept, 'in its place');
      await start();
      rmSync(kept);
      assert.ok(!readdirSync(dataDir).some((each) => each.includes('compiled')));
    });
  }

  it('forwards from the first delivery on, undici being loaded for that', async () => {
    const { folder } = build();
    const receiver = await startReceiver();
    const dataDir = join(temporaryFolder(), 'data');
    mkdirSync(dataDir, { mode: 0o700 });
    const args = ['listen', '--json', '--port', '0', '--forward-to', receiver.url, '--data-dir', dataDir];
    await useOnce(join(folder, 'cm-relay.js'), args, dataDir, () => receiver.received(1));
  });

  it('serve an assistant by a part of the program that stands beside it', async () => {
    const { folder } = build();
    const args = [join(folder, 'cm-relay.js'), 'mcp', '--data-dir', join(temporaryFolder(), 'data')];
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: 'inherit' }));
    assert.equal((await client.listTools()).tools.length, 6);
    const { content } = await client.callTool({ name: 'event', arguments: { id: 'e1' } });
    assert.match(JSON.stringify(content), /The call failed/);
    await client.close();
  });
});
