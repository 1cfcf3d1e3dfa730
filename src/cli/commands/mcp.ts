import type { Command } from 'commander';
import { connectIfRunning, withHistory, withRelay } from '../connection.ts';
import { dataDirOf } from '../data-dir.ts';
import { newCommand, type CommonOptions } from '../flags.ts';
import { interrupted } from '../terminal/command-process.ts';
import type { AssistantRelay, AssistantSource } from '../mcp/source.ts';
import { inSameDirectory } from '../same-directory.ts';
import { version } from '../../version.ts';

const mostScenariosMs = 300_000;

interface McpOptions extends CommonOptions {
  allowWrite?: boolean;
  addresses?: boolean;
  allowBodies?: boolean;
}

export function mcpCommand(): Command {
  return newCommand(
    'mcp',
    'let an AI assistant read the history (Model Context Protocol)',
    'Runs a Model Context Protocol (MCP) server on standard input and output. An assistant can list events, look at an event with its attempts and notifications, and ask why it failed. The server is read-only unless you add --allow-write. It masks email addresses and leaves out bodies; --addresses and --allow-bodies show them. Data from outside is marked as such. Stops when standard input closes.',
    [
      "cm-relay mcp                    command for a stdio server in the assistant's configuration",
      'cm-relay mcp --allow-write      can also resend and send, only to configured destinations',
    ],
    'docs/assistants.md shows the configuration.',
  )
    .option('--allow-write', 'also resend, send, and run scenarios; only to destinations in the settings')
    .option('--allow-bodies', 'show bodies, anonymized unless you add --addresses')
    .option('--addresses', "show email addresses, and don't anonymize headers and bodies")
    .action(mcp);
}

async function mcp(options: McpOptions): Promise<void> {
  const ended = interrupted();
  // Report an unusable data directory now, not at the first request.
  dataDirOf(options);
  const source: AssistantSource = {
    request: (method, params) => withHistory(options, (history) => history.request(method, params)),
    status: async () => {
      const client = await connectIfRunning(options);
      try {
        return (await client?.request('relay/status', {})) ?? null;
      } finally {
        client?.close();
      }
    },
  };
  const relay: AssistantRelay = {
    destinations: () =>
      withRelay(options, async (client) => (await client.request('relay/status', {})).settings.destinations),
    replay: (ids, to) => withRelay(options, (client) => client.request('notifications/replay', { ids: [...ids], to })),
    scenarios: async (file, only, destination) => {
      const { runScenarios } = await import('../mcp/run-scenarios.ts');
      const stop = new AbortController();
      void ended.then(() => stop.abort());
      const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(mostScenariosMs)]);
      return runScenarios({ file, only, destination, history: source, signal });
    },
    inject: (text) => withRelay(options, (client) => client.request('deliveries/inject', { body: { text } })),
  };
  const { serveAssistant } = await import('../mcp/server.ts');
  await serveAssistant({
    version,
    source,
    ended,
    advise: inSameDirectory,
    relay: options.allowWrite === true ? relay : null,
    addresses: options.addresses === true,
    bodies: options.allowBodies === true,
  });
}
