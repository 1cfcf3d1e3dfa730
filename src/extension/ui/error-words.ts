/**
 * Errors of the vendors and the relay in the user's language: what happened, with the vendor's own words, and what to
 * do next. Their modules don't know VS Code, so their own `message` and `next` are in English, for the log and the
 * command line. What the extension throws is already translated.
 */
import type { CampaignMonitorError, CampaignMonitorErrorKind } from '../../campaign-monitor/api-error.ts';
import type { CampaignMonitorOAuthError, CampaignMonitorOAuthErrorKind } from '../../campaign-monitor/oauth.ts';
import type { UnsafeSocketFolderError } from '../../protocol/control-channel.ts';
import type { OpenConnectorsError } from '../../open-connectors/api-error.ts';
import type { HostProblem, OpenConnectorsHostError } from '../../open-connectors/host.ts';
import type { DataDirectoryError } from '../../protocol/data-directory.ts';
import type { NoRelayError, RelayRequestError, TerminalAdvice } from '../../protocol/errors.ts';
import { sayIn } from './localiser.ts';
import type { Localiser } from './localiser.ts';

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
export function messageOf(error: unknown, l10n: Localiser): string {
  if (!(error instanceof Error)) return String(error);
  const named = error as
    | CampaignMonitorError
    | CampaignMonitorOAuthError
    | OpenConnectorsError
    | OpenConnectorsHostError;
  switch (named.name) {
    case 'CampaignMonitorError':
      return withDetails(campaignMonitorMessages(l10n)[named.kind], named, l10n);
    case 'CampaignMonitorOAuthError':
      return withDetails(oauthMessages(l10n)[named.kind], { said: named.said, status: named.status, code: null }, l10n);
    case 'OpenConnectorsError':
      return openConnectorsMessage(named, l10n);
    case 'OpenConnectorsHostError':
      return hostMessages(l10n)[named.problem];
    default:
      named satisfies never;
      return error.message;
  }
}

/** Appends what the vendor said, and its error number, which is in its documentation. */
function withDetails(
  sentence: string,
  { said, code, status }: Pick<CampaignMonitorError, 'said' | 'code' | 'status'>,
  l10n: Localiser,
): string {
  const words = said === null ? sentence : `${sentence}: ${said.replace(/\.$/, '')}`;
  if (code !== null) return l10n.t('{0} (code {1})', words, code);
  return said === null ? withStatus(words, status, l10n) : words;
}

function withStatus(words: string, status: number | null, l10n: Localiser): string {
  return status === null ? words : l10n.t('{0} (HTTP status {1})', words, status);
}

export function nextOf(error: unknown, l10n: Localiser): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const named = error as UntranslatedError;
  switch (named.name) {
    case 'CampaignMonitorError':
      // Its own next action is for a terminal.
      return named.kind === 'not-found'
        ? l10n.t('The webhook or list may have been deleted. Refresh the Webhooks view.')
        : sayIn(l10n)(named.next);
    case 'CampaignMonitorOAuthError':
    case 'OpenConnectorsError':
      return sayIn(l10n)(named.next);
    case 'OpenConnectorsHostError':
      return l10n.t('Enter a host such as {0}. Your tenant’s API documentation shows it.', named.example);
    case 'RelayRequestError':
    case 'NoRelayError':
    case 'DataDirectoryError':
    case 'UnsafeSocketFolderError':
      return nextOfRelay(named, l10n);
    case 'AuthorizationUrlError':
      return l10n.t('Check the host you requested the URL from.');
    default: {
      named satisfies never;
      const { next } = error as { next?: unknown };
      return typeof next === 'string' ? next : undefined;
    }
  }
}

/** The relay's advice: the extension's own, or translated; in the relay's words if it is unknown. */
export function nextOfRelay(
  told: { readonly next?: string | null | undefined; readonly advice?: string | null | undefined },
  l10n: Localiser,
): string | undefined {
  const own: Readonly<Record<string, string>> = ownAdvice(l10n);
  return own[told.advice ?? ''] ?? (told.next == null ? undefined : sayIn(l10n)(told.next));
}

export function withNext(error: unknown, l10n: Localiser): string {
  const message = messageOf(error, l10n);
  const next = nextOf(error, l10n);
  // Some messages are complete sentences.
  return next === undefined ? message : `${message.replace(/\.$/, '')}. ${next}`;
}

function campaignMonitorMessages(l10n: Localiser): Readonly<Record<CampaignMonitorErrorKind, string>> {
  return {
    'bad-api-key': l10n.t('Campaign Monitor rejected this API key'),
    'wrong-list': l10n.t('Campaign Monitor can’t find this list'),
    'wrong-client': l10n.t('Campaign Monitor can’t find this client'),
    'invalid-token': l10n.t('Campaign Monitor rejected this sign-in'),
    'expired-token': l10n.t('The sign-in has expired'),
    'revoked-token': l10n.t('The sign-in was revoked'),
    'permission-missing': l10n.t('This sign-in doesn’t have permission'),
    'bad-webhook-url': l10n.t('Campaign Monitor rejected the webhook’s URL'),
    'bad-webhook-format': l10n.t('Campaign Monitor rejected the webhook’s format'),
    'bad-webhook-event': l10n.t('Campaign Monitor rejected the webhook’s events'),
    'webhook-test-failed': l10n.t('The webhook test failed'),
    'not-found': l10n.t('Campaign Monitor can’t find the requested item'),
    'rate-limited': l10n.t('Campaign Monitor received too many requests'),
    refused: l10n.t('Campaign Monitor refused the request'),
    ...connectionMessages(l10n),
  };
}

function oauthMessages(l10n: Localiser): Readonly<Record<CampaignMonitorOAuthErrorKind, string>> {
  return { refused: l10n.t('Campaign Monitor didn’t grant access'), ...connectionMessages(l10n) };
}

function connectionMessages(
  l10n: Localiser,
): Readonly<Record<Exclude<CampaignMonitorOAuthErrorKind, 'refused'>, string>> {
  return {
    unreachable: l10n.t('Can’t reach Campaign Monitor'),
    'timed-out': l10n.t('Campaign Monitor didn’t answer in time'),
    cancelled: l10n.t('Cancelled'),
    'unexpected-answer': l10n.t('Campaign Monitor returned an unexpected answer'),
  };
}

function openConnectorsMessage({ kind, advice, said, status }: OpenConnectorsError, l10n: Localiser): string {
  switch (kind) {
    case 'refused':
      if (said !== null) return l10n.t('Open Connectors refused the request: {0}', said);
      if (status !== null) return withStatus(l10n.t('Open Connectors refused the request'), status, l10n);
      // Nothing was sent.
      return advice === 'give-secret-itself'
        ? l10n.t('A masked value would overwrite one of the instance’s secrets')
        : l10n.t('A secret is missing or contains an invalid character');
    case 'timed-out':
      return l10n.t('Open Connectors didn’t answer in time');
    case 'cancelled':
      return l10n.t('Cancelled');
    case 'unreachable':
      return said === null ? l10n.t('Can’t reach Open Connectors') : l10n.t('Can’t reach Open Connectors: {0}', said);
    case 'unexpected-answer':
      return said === null
        ? withStatus(l10n.t('Open Connectors returned an unexpected answer'), status, l10n)
        : l10n.t('Open Connectors returned an unexpected answer: {0}', said);
  }
}

function hostMessages(l10n: Localiser): Readonly<Record<HostProblem, string>> {
  return {
    'no-host': l10n.t('The Open Connectors host isn’t a valid host name or URL'),
    'not-https': l10n.t('The Open Connectors host must use https, because secrets are sent to it'),
    'holds-credentials': l10n.t('The Open Connectors host must not contain a user name or password'),
  };
}

function ownAdvice(l10n: Localiser): Readonly<Record<TerminalAdvice, string>> {
  return {
    'ask-from-its-environment': l10n.t(
      'Start VS Code with the same XDG_RUNTIME_DIR and TMPDIR as the relay. Or end the relay’s process and start the relay again; no acknowledged event is lost.',
    ),
    'attach-or-stop': l10n.t('Stop the running relay, and then try again.'),
    'check-folder': l10n.t('Check that the folder exists, belongs to you, and has free space.'),
    'check-proxy': l10n.t('Check the setting http.proxy, or HTTP_PROXY and HTTPS_PROXY in the environment.'),
    'choose-again': l10n.t('Refresh the Events view and choose again.'),
    'choose-data-directory': l10n.t(
      'Move this file or folder somewhere else. The relay then creates a new folder in its place.',
    ),
    'choose-file-system': l10n.t('Move VS Code’s user data to a file system that stores permissions.'),
    'close-data-directory': l10n.t('Make the folder private with chmod 700, and then try again.'),
    'list-events': l10n.t('The entry may have been removed because the history is limited. Refresh the Events view.'),
    'look-at-data-directory': l10n.t('Check who created that file, remove it, and then try again.'),
    'move-history': l10n.t('Move that file somewhere else. The relay then starts a new history.'),
    'start-new-history': l10n.t('Start the relay to set this history aside and start a new one.'),
    'see-destinations': l10n.t('Choose a destination that the Destinations view shows.'),
    'see-url': l10n.t('To copy the new URL, run the command Copy URL or Credential.'),
    'see-what-is-held': l10n.t('Refresh the Events view to see what’s held.'),
    // VS Code has no setting for the limit.
    'send-smaller-body': l10n.t('Send a smaller body.'),
    'send-something': l10n.t('Start the relay and send it an event.'),
    'start-relay': l10n.t('To start the relay, run the command Start Relay.'),
    'start-to-set-aside': l10n.t('Start the relay to set the damaged history aside and start a new one.'),
    'take-what-waits': l10n.t(
      'Wait until the destinations accept the waiting events, discard the events, or raise the history limit.',
    ),
    'trust-data-directory': l10n.t(
      'The folder may have come with a repository or an archive. Start the relay to choose whether to use the folder.',
    ),
    'update-program': l10n.t('Update the extension.'),
    'update-runtime': l10n.t('Use VS Code 1.101 or later.'),
  };
}
