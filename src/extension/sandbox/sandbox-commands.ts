import { say } from '../../common/say.ts';
import type { CommandHandlers } from '../commands.ts';
import { byCommand, offer } from '../ui/offer.ts';
import { working } from '../ui/progress.ts';
import { copy, showStatusMessage } from '../ui/status-message.ts';
import { addSandboxSubscriber, type SubscriberParts, type SubscriberPlace } from './add-subscriber.ts';
import { sandboxFacts, type RunningSandbox } from './shared-sandbox.ts';
import type { SandboxProcess } from './sandbox-process.ts';

export function createSandboxCommands(parts: SubscriberParts): CommandHandlers<'sandbox'> {
  const { sandbox } = parts;
  return {
    // A message's button names the action, because the state may have changed.
    toggleSandbox: async (wanted?: unknown) => {
      if (wanted === 'start') return startSandbox(sandbox);
      const runs = (await sandbox.find()) !== undefined;
      return runs || wanted === 'stop' ? stopSandbox(sandbox) : startSandbox(sandbox);
    },
    addSandboxSubscriber: (node?: SubscriberPlace) => addSandboxSubscriber(parts, node),
  };
}

async function startSandbox(sandbox: SandboxProcess): Promise<void> {
  const running = await working(say('Starting sandbox'), (signal) => sandbox.start(signal));
  // Not awaited: the message may stay open, and the caller continues.
  void offer(
    'Information',
    say(
      'Sandbox running on this machine: Campaign Monitor and Open Connectors with made-up data. It never contacts a real account.',
    ),
    {
      [say('Copy URLs and Credentials')]: () => copyFacts(running),
      [say('Stop Sandbox')]: byCommand('toggleSandbox', 'stop'),
    },
  );
}

async function stopSandbox(sandbox: SandboxProcess): Promise<void> {
  await sandbox.stop();
  showStatusMessage(say('Sandbox stopped.'));
}

export function copyFacts(running: RunningSandbox): Promise<void> {
  return copy(sandboxFacts(running), say('Copied. Paste the text into a terminal.'));
}
