import { say } from '../../common/say.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { CommandError } from '../ui/command-error.ts';
import type { Session } from './session.ts';

/** @throws CommandError if the relay isn't running */
export function connected(session: Pick<Session, 'client'>): RelayClient {
  const { client } = session;
  if (client !== undefined) return client;
  throw notRunning();
}

/** Offers to start it. */
export function notRunning(): CommandError {
  return new CommandError(say('The relay isn’t running'), say('Start the relay, and then try again.'), {
    title: say('Start Relay'),
    command: 'start',
  });
}
