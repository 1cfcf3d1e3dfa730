/** An assistant's client, as those of editors: it starts `cm-relay mcp` and speaks to it. */
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { tmpdir } from 'node:os';
import { packedProgram } from '../../packed.ts';

/** Starts the server of a data directory. @returns the client, and the server's process */
export async function connectAssistant(
  dataDir: string,
  ...flags: readonly string[]
): Promise<{ readonly client: Client; readonly pid: number | null }> {
  const { PATH = '', XDG_RUNTIME_DIR = '', XDG_STATE_HOME = '' } = process.env;
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [packedProgram(), 'mcp', '--data-dir', dataDir, ...flags],
    env: { PATH, XDG_RUNTIME_DIR, XDG_STATE_HOME, HOME: tmpdir(), TMPDIR: tmpdir(), NO_COLOR: '1' },
    stderr: 'inherit',
  });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  return { client, pid: transport.pid };
}
