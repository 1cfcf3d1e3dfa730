import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { temporaryFolder } from '../../relay/afterward.ts';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

const program = fileURLToPath(new URL('../../../src/cli/cm-relay.ts', import.meta.url));

async function argumentsFor(right: unknown, dataDir: string): Promise<string[] | null> {
  const { assistantArguments } = await import('../../../src/extension/session/assistants.ts');
  return assistantArguments(right, { bundle: program, dataDir });
}

async function toolsOf(right: unknown): Promise<string[]> {
  const args = await argumentsFor(right, temporaryFolder());
  assert.ok(args !== null);
  const client = new Client({ name: 'test', version: '1' });
  const { PATH = '' } = process.env;
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: ['--disable-warning=ExperimentalWarning', ...args],
      env: { PATH, HOME: tmpdir(), ELECTRON_RUN_AS_NODE: '1' },
      stderr: 'inherit',
    }),
  );
  try {
    return (await client.listTools()).tools.map(({ name }) => name);
  } finally {
    await client.close();
  }
}

describe('The server for assistants of VS Code', function () {
  this.timeout(60_000);
  useVscodeStandIn();

  it('is none until the user says so, whatever else the setting holds', async () => {
    for (const value of [undefined, 'off', 'READ', true, null, 'everything'])
      assert.equal(await argumentsFor(value, '/data'), null, String(value));
  });

  it('reads, and sends only where that is allowed', async () => {
    assert.ok(!(await toolsOf('read')).includes('replay'));
    assert.ok((await toolsOf('send')).includes('replay'));
  });

  it('is turned on by the user alone: the setting is the machine’s, and off', () => {
    const { contributes } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      contributes: {
        configuration: { properties: Record<string, { default?: string; scope?: string; enum?: string[] }> }[];
      };
    };
    const setting = contributes.configuration.flatMap(
      ({ properties }) => properties['campaignMonitorRelay.assistants'] ?? [],
    );
    assert.deepEqual(
      setting.map((each) => [each.default, each.scope, each.enum]),
      [['off', 'machine', ['off', 'read', 'send']]],
    );
  });
});
