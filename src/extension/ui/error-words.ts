/**
 * Errors of the vendors and the relay in the user's language: what happened, with the vendor's own words, and what to
 * do next. Their modules don't know VS Code, so their own `message` and `next` are in English, for the log and the
 * command line. What the extension throws is already translated.
 */
import { say, translate } from '../../common/say.ts';
import type { CampaignMonitorError, CampaignMonitorErrorKind } from '../../campaign-monitor/api-error.ts';
import type { CampaignMonitorOAuthError, CampaignMonitorOAuthErrorKind } from '../../campaign-monitor/oauth.ts';
import type { UnsafeSocketFolderError } from '../../protocol/control-channel.ts';
import type { OpenConnectorsError } from '../../open-connectors/api-error.ts';
import type { HostProblem, OpenConnectorsHostError } from '../../open-connectors/host.ts';
import type { DataDirectoryError } from '../../protocol/data-directory.ts';
import type { NoRelayError, RelayRequestError, TerminalAdvice } from '../../protocol/errors.ts';

/** Errors with an English `next`, recognized by name. */
type UntranslatedError =
  | CampaignMonitorError
  | CampaignMonitorOAuthError
  | OpenConnectorsError
  | OpenConnectorsHostError
  | RelayRequestError
  | NoRelayError
  | DataDirectoryError
  | UnsafeSocketFolderError
  | (Error & { readonly name: 'AuthorizationUrlError' });

/** Text from outside isn't made printable: see printable.ts. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const named = error as
    | CampaignMonitorError
    | CampaignMonitorOAuthError
    | OpenConnectorsError
    | OpenConnectorsHostError;
  switch (named.name) {
    case 'CampaignMonitorError':
      return withDetails(campaignMonitorMessages()[named.kind], named);
    case 'CampaignMonitorOAuthError':
      return withDetails(oauthMessages()[named.kind], { said: named.said, status: named.status, code: null });
    case 'OpenConnectorsError':
      return openConnectorsMessage(named);
    case 'OpenConnectorsHostError':
      return hostMessages()[named.problem];
    default:
      named satisfies never;
      return error.message;
  }
}

/** Appends what the vendor said, and its error number, which is in its documentation. */
function withDetails(
  sentence: string,
  { said, code, status }: Pick<CampaignMonitorError, 'said' | 'code' | 'status'>,
): string {
  const words = said === null ? sentence : `${sentence}: ${said.replace(/\.$/, '')}`;
  if (code !== null) return say('{0} (code {1})', words, code);
  return said === null ? withStatus(words, status) : words;
}

function withStatus(words: string, status: number | null): string {
  return status === null ? words : say('{0} (HTTP status {1})', words, status);
}

export function nextOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const named = error as UntranslatedError;
  switch (named.name) {
    case 'CampaignMonitorError':
      // Its own next action is for a terminal.
      return named.kind === 'not-found'
        ? say('The webhook or list may have been deleted. Refresh the Webhooks view.')
        : translate(named.next);
    case 'CampaignMonitorOAuthError':
    case 'OpenConnectorsError':
      return translate(named.next);
    case 'OpenConnectorsHostError':
      return say('Enter a host such as {0}. Your tenant’s API documentation shows it.', named.example);
    case 'RelayRequestError':
    case 'NoRelayError':
    case 'DataDirectoryError':
    case 'UnsafeSocketFolderError':
      return nextOfRelay(named);
    case 'AuthorizationUrlError':
      return say('Check the host you requested the URL from.');
    default: {
      named satisfies never;
      const { next } = error as { next?: unknown };
      return typeof next === 'string' ? next : undefined;
    }
  }
}

/** The relay's advice: the extension's own, or translated; in the relay's words if it is unknown. */
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
  // Some messages are complete sentences.
  return next === undefined ? message : `${message.replace(/\.$/, '')}. ${next}`;
}

function campaignMonitorMessages(): Readonly<Record<CampaignMonitorErrorKind, string>> {
  return {
    'bad-api-key': say('Campaign Monitor rejected this API key'),
    'wrong-list': say('Campaign Monitor can’t find this list'),
    'wrong-client': say('Campaign Monitor can’t find this client'),
    'invalid-token': say('Campaign Monitor rejected this sign-in'),
    'expired-token': say('The sign-in has expired'),
    'revoked-token': say('The sign-in was revoked'),
    'permission-missing': say('This sign-in doesn’t have permission'),
    'bad-webhook-url': say('Campaign Monitor rejected the webhook’s URL'),
    'bad-webhook-format': say('Campaign Monitor rejected the webhook’s format'),
    'bad-webhook-event': say('Campaign Monitor rejected the webhook’s events'),
    'webhook-test-failed': say('The webhook test failed'),
    'not-found': say('Campaign Monitor can’t find the requested item'),
    'rate-limited': say('Campaign Monitor received too many requests'),
    refused: say('Campaign Monitor refused the request'),
    ...connectionMessages(),
  };
}

function oauthMessages(): Readonly<Record<CampaignMonitorOAuthErrorKind, string>> {
  return { refused: say('Campaign Monitor didn’t grant access'), ...connectionMessages() };
}

function connectionMessages(): Readonly<Record<Exclude<CampaignMonitorOAuthErrorKind, 'refused'>, string>> {
  return {
    unreachable: say('Can’t reach Campaign Monitor'),
    'timed-out': say('Campaign Monitor didn’t answer in time'),
    cancelled: say('Cancelled'),
    'unexpected-answer': say('Campaign Monitor returned an unexpected answer'),
  };
}

function openConnectorsMessage({ kind, advice, said, status }: OpenConnectorsError): string {
  switch (kind) {
    case 'refused':
      if (said !== null) return say('Open Connectors refused the request: {0}', said);
      if (status !== null) return withStatus(say('Open Connectors refused the request'), status);
      // Nothing was sent.
      return advice === 'give-secret-itself'
        ? say('A masked value would overwrite one of the instance’s secrets')
        : say('A secret is missing or contains an invalid character');
    case 'timed-out':
      return say('Open Connectors didn’t answer in time');
    case 'cancelled':
      return say('Cancelled');
    case 'unreachable':
      return said === null ? say('Can’t reach Open Connectors') : say('Can’t reach Open Connectors: {0}', said);
    case 'unexpected-answer':
      return said === null
        ? withStatus(say('Open Connectors returned an unexpected answer'), status)
        : say('Open Connectors returned an unexpected answer: {0}', said);
  }
}

function hostMessages(): Readonly<Record<HostProblem, string>> {
  return {
    'no-host': say('The Open Connectors host isn’t a valid host name or URL'),
    'not-https': say('The Open Connectors host must use https, because secrets are sent to it'),
    'holds-credentials': say('The Open Connectors host must not contain a user name or password'),
  };
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
