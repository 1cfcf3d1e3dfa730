import { Option } from 'commander';
import type { Command } from 'commander';
import { connectIfRunning, withHistory, withRelay } from '../connection.ts';
import { dataDirOf } from '../data-dir.ts';
import { newCommand } from '../flags.ts';
import type { CommonOptions } from '../flags.ts';
import { interrupted } from '../terminal/signals.ts';
import type { AssistantRelay, AssistantSource } from '../mcp/source.ts';
import { version } from '../../version.ts';

/** How long the scenarios of a file may take, in milliseconds. */
const mostScenariosMs = 300_000;

interface McpOptions extends CommonOptions {
  allowWrite?: boolean;
  addresses?: boolean;
  answers?: boolean;
}

/** `cm-relay mcp`. */
export function mcpCommand(): Command {
  return newCommand(
    'mcp',
    'let an assistant read the history, by the Model Context Protocol',
    'Speaks the Model Context Protocol on standard input and output, so that an assistant can list events, look at one, its attempts and what is sent, and ask why it failed. It reads alone; addresses are masked, other values told by their shape, and answers by their keys, unless flags say otherwise. What came from outside is marked as such. Ends with its input.',
    [
      'Examples:',
      '  cm-relay mcp                    as the command of a stdio server, in the configuration of the assistant',
      '  cm-relay mcp --allow-write      it may send again, and send, to configured destinations alone',
      '',
      'Next: docs/assistants.md shows the configuration.',
    ],
  )
    .addOption(
      new Option('--allow-write', 'also replay, send and run scenarios, to destinations of the settings alone'),
    )
    .addOption(new Option('--addresses', 'tell e-mail addresses as they are'))
    .addOption(new Option('--answers', 'tell what callbacks answered as text, not only its keys'))
    .action(mcp);
}

async function mcp(options: McpOptions): Promise<void> {
  const ended = interrupted();
  // Said now rather than with the first question.
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
  // A part of its own: no other command needs it.
  const { serveAssistant } = await import('../mcp/server.ts');
  await serveAssistant({
    ...{ version, source, ended },
    relay: options.allowWrite === true ? relay : null,
    addresses: options.addresses === true,
    answers: options.answers === true,
  });
}
