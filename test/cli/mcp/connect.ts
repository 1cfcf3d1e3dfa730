/** An assistant's client, as those of editors: it speaks to `cm-relay mcp`. */
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { cleanEnvironment, commandLine, InProcess } from '../harness.ts';

const createClient = (): Client => new Client({ name: 'test', version: '1' });
const mcp = (dataDir: string, flags: readonly string[]): string[] => ['mcp', '--data-dir', dataDir, ...flags];

/** Runs the server of a data directory in this process until the client is closed. */
export async function connectAssistant(dataDir: string, ...flags: readonly string[]): Promise<Client> {
  const { stdin, stdout, stderr } = new InProcess(mcp(dataDir, flags), {}, 'pipe');
  stderr.pipe(process.stderr, { end: false });
  const client = createClient();
  // Both ends read and write lines in the same way.
  await client.connect(new StdioServerTransport(stdout, stdin));
  client.onclose = () => stdin.end();
  return client;
}

/** The same with a process of its own. @returns the client, and the server's process */
export async function connectAssistantProcess(
  dataDir: string,
  ...flags: readonly string[]
): Promise<{ readonly client: Client; readonly pid: number | null }> {
  const [command, ...args] = commandLine;
  const variables = Object.entries(cleanEnvironment()).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const transport = new StdioClientTransport({
    command,
    args: [...args, ...mcp(dataDir, flags)],
    env: Object.fromEntries(variables),
    stderr: 'inherit',
  });
  const client = createClient();
  await client.connect(transport);
  return { client, pid: transport.pid };
}
