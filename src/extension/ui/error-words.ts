/** The relay's errors are in English, for its log and the terminal; all others are already translated. */
import { say, translate } from '../../common/say.ts';
import type { UnsafeSocketFolderError } from '../../protocol/control-channel.ts';
import type { DataDirectoryError } from '../../protocol/data-directory.ts';
import type { NoRelayError, RelayRequestError, TerminalAdvice } from '../../protocol/errors.ts';

/** Text from outside isn't made printable: see printable.ts. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function nextOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const named = error as RelayRequestError | NoRelayError | DataDirectoryError | UnsafeSocketFolderError;
  switch (named.name) {
    case 'RelayRequestError':
    case 'NoRelayError':
    case 'DataDirectoryError':
    case 'UnsafeSocketFolderError':
      return nextOfRelay(named);
    default: {
      named satisfies never;
      const { next } = error as { next?: unknown };
      return typeof next === 'string' ? next : undefined;
    }
  }
}

export function nextOfRelay(told: {
  readonly next?: string | null | undefined;
  readonly advice?: string | null | undefined;
}): string | undefined {
  const own: Readonly<Record<string, string>> = ownAdvice();
  return own[told.advice ?? ''] ?? (told.next == null ? undefined : translate(told.next));
}

export function withNext(error: unknown): string {
  const message = messageOf(error);
  const next = nextOf(error);
  return next === undefined ? message : `${message.replace(/\.$/, '')}. ${next}`;
}

function ownAdvice(): Readonly<Record<TerminalAdvice, string>> {
  return {
    'ask-from-its-environment': say(
      'Start VS Code with the same XDG_RUNTIME_DIR and TMPDIR as the relay. Or end the relay’s process and start the relay again; no acknowledged event is lost.',
    ),
    'attach-or-stop': say('Stop the running relay, and then try again.'),
    'check-folder': say('Check that the folder exists, belongs to you, and has free space.'),
    'check-proxy': say('Check the setting http.proxy, or HTTP_PROXY and HTTPS_PROXY in the environment.'),
    'choose-again': say('Refresh the Events view and choose again.'),
    'choose-data-directory': say(
      'Move this file or folder somewhere else. The relay then creates a new folder in its place.',
    ),
    'choose-file-system': say('Move VS Code’s user data to a file system that stores permissions.'),
    'close-data-directory': say('Make the folder private with chmod 700, and then try again.'),
    'list-events': say('The entry may have been removed because the history is limited. Refresh the Events view.'),
    'look-at-data-directory': say('Check who created that file, remove it, and then try again.'),
    'move-history': say('Move that file somewhere else. The relay then starts a new history.'),
    'start-new-history': say('Start the relay to set this history aside and start a new one.'),
    'see-destinations': say('Choose a destination that the Destinations view shows.'),
    'see-url': say('To copy the new URL, run the command Copy URL or Credential.'),
    'see-what-is-held': say('Refresh the Events view to see what’s held.'),
    // VS Code has no setting for the limit.
    'send-smaller-body': say('Send a smaller body.'),
    'send-something': say('Start the relay and send it an event.'),
    'start-relay': say('To start the relay, run the command Start Relay.'),
    'start-to-set-aside': say('Start the relay to set the damaged history aside and start a new one.'),
    'take-what-waits': say(
      'Wait until the destinations accept the waiting events, discard the events, or raise the history limit.',
    ),
    'trust-data-directory': say(
      'The folder may have come with a repository or an archive. Start the relay to choose whether to use the folder.',
    ),
    'update-program': say('Update the extension.'),
    'update-runtime': say('Use VS Code 1.101 or later.'),
  };
}
