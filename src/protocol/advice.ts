import { filterAdvice } from './event-filter.ts';

/** What to do about an error, by name: the text, or the terminal's and that of VS Code if this has another way. */
export const relayAdvice = {
  'ask-again': 'Try again.',
  'ask-when-it-runs': 'Try again when the relay is running.',
  'check-data-directory': 'Check the data directory and restart the relay.',
  'choose-port': 'Choose another port, or use 0 for any free port.',
  'filter-keys': filterAdvice,
  'give-key': 'To send the held events, add the key or credentials.',
  'let-it-go-on':
    'If the relay’s process is suspended, resume it; otherwise, end it and start the relay again. No acknowledged event is lost.',
  'make-room': 'Free up disk space. The relay then accepts deliveries again automatically.',
  'mend-body': 'Fix the body and release it again, or release the original.',
  'own-socket-folder': 'Check who created the folder, and then remove it, or set XDG_RUNTIME_DIR to your own folder.',
  'restart-for-one-version': 'Restart the relay so that it matches the version of this program.',
  'restart-to-set-aside': 'Restart the relay to set the damaged history aside and start a new one.',
  'ask-from-its-environment': [
    'Use the XDG_RUNTIME_DIR and TMPDIR that the relay was started with, or end its process and start the relay again. No acknowledged event is lost.',
    'Start VS Code with the same XDG_RUNTIME_DIR and TMPDIR as the relay. Or end the relay’s process and start the relay again; no acknowledged event is lost.',
  ],
  'attach-or-stop': ['Attach to it, or stop it with `cm-relay stop`.', 'Stop the running relay, and then try again.'],
  'check-folder': [
    'Check that the folder exists, belongs to you, and has free space, or choose another data directory.',
    'Check that the folder exists, belongs to you, and has free space.',
  ],
  'check-proxy': [
    'Check the "proxy" setting, or HTTP_PROXY and HTTPS_PROXY in the environment that started the relay.',
    'Check the setting http.proxy, or HTTP_PROXY and HTTPS_PROXY in the environment.',
  ],
  'choose-again': [
    'To list the events again, run `cm-relay events`. Then choose from the list.',
    'Refresh the Events view and choose again.',
  ],
  'choose-data-directory': [
    'With --data-dir, choose an empty folder that belongs to you, or one that does not exist yet.',
    'Move this file or folder somewhere else. The relay then creates a new folder in its place.',
  ],
  'choose-file-system': [
    'With --data-dir, choose an empty folder that belongs to you, or one that does not exist yet.',
    'Move VS Code’s user data to a file system that stores permissions.',
  ],
  'close-data-directory': [
    'If only you use it, make it private with `chmod 700`. Otherwise, choose another data directory.',
    'Make the folder private with chmod 700, and then try again.',
  ],
  'list-events': [
    'The history keeps a limited number of events, so older events may have been removed. To list the events, run `cm-relay events`.',
    'The entry may have been removed because the history is limited. Refresh the Events view.',
  ],
  'look-at-data-directory': [
    'Find out who created that file and remove it, or choose another data directory.',
    'Check who created that file, remove it, and then try again.',
  ],
  'start-new-history': [
    'To set this history aside and start a new one, run `cm-relay listen` with this data directory.',
    'Start the relay to set this history aside and start a new one.',
  ],
  'move-history': [
    'Move that file away to start a new history, or choose another data directory.',
    'Move that file somewhere else. The relay then starts a new history.',
  ],
  'see-destinations': [
    'To see the destinations, run `cm-relay status`.',
    'Choose a destination that the Destinations view shows.',
  ],
  'see-url': [
    'To see the new URL, run `cm-relay url`.',
    'To copy the new URL, run the command Copy URL or Credential.',
  ],
  'see-what-is-held': ['To see what is held, run `cm-relay status`.', 'Refresh the Events view to see what’s held.'],
  // VS Code has no setting for the limit.
  'send-smaller-body': ['Send a smaller body, or raise maxBodyBytes in the settings.', 'Send a smaller body.'],
  'send-something': [
    'Start a relay with `cm-relay listen`, and then send it an event.',
    'Start the relay and send it an event.',
  ],
  'start-relay': ['Start one with `cm-relay listen`.', 'To start the relay, run the command Start Relay.'],
  'start-to-set-aside': [
    'Run `cm-relay listen` with this data directory. The relay sets the damaged history aside and starts a new one.',
    'Start the relay to set the damaged history aside and start a new one.',
  ],
  'take-what-waits': [
    'Wait until the destinations accept the notifications, discard them with `cm-relay debug discard --waiting`, or raise the history limit.',
    'Wait until the destinations accept the waiting events, discard the events, or raise the history limit.',
  ],
  'trust-data-directory': [
    'It may come from a repository or an archive. If you trust it, add --trust-data-dir. Otherwise, choose another data directory.',
    'The folder may have come with a repository or an archive. Start the relay to choose whether to use the folder.',
  ],
  'update-program': ['Update this program, or choose another data directory.', 'Update the extension.'],
  'update-runtime': [
    'Use Node.js 22.13 or later for the CLI, and VS Code 1.101 or later for the extension.',
    'Use VS Code 1.101 or later.',
  ],
} satisfies Record<string, string | readonly [inTerminal: string, inVsCode: string]>;
export type RelayAdvice = keyof typeof relayAdvice;

export function adviceInTerminal(name: RelayAdvice): string {
  return [relayAdvice[name]].flat()[0] ?? '';
}
