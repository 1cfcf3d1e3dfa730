/** How the tunnel is, in the user's language: the relay tells it by codes (protocol/tunnel-words.ts). */
import type { TunnelStatus } from '../../protocol/status.ts';
import { asSentences, spokenWords } from '../../protocol/tunnel-words.ts';
import type { TunnelCode } from '../../protocol/tunnel-words.ts';
import type { Localiser } from './localiser.ts';

/** The same tunnel, whose `reason` is in the user's language; in English where the relay told codes not known here. */
export function tunnelInWords(tunnel: TunnelStatus, l10n: Localiser): TunnelStatus {
  const pieces: Readonly<Record<string, (...values: string[]) => string>> = piecesIn(l10n);
  const say = (code: string, values: readonly string[]): string | undefined =>
    Object.hasOwn(pieces, code) ? pieces[code]?.(...values) : undefined;
  const texts = tunnel.said?.map((words) => spokenWords(words, say));
  if (texts === undefined) return tunnel;
  const known = texts.filter((text) => text !== undefined);
  return known.length < texts.length ? tunnel : { ...tunnel, reason: asSentences(known) };
}

function piecesIn(l10n: Localiser): Readonly<Record<TunnelCode, (...values: string[]) => string>> {
  return {
    starting: () => l10n.t('The relay is starting'),
    'not-opened': () => l10n.t('No tunnel has been opened'),
    'not-set': () => l10n.t('No tunnel is set: only this machine reaches the relay'),
    closed: () => l10n.t('The tunnel is closed'),
    opening: (...values) => l10n.t('Opening {0}', ...values),
    'opening-again': (...values) => l10n.t('Opening {0} again', ...values),
    'localtunnel-at': (...values) => l10n.t('a tunnel at {0}', ...values),
    'tunnel-with': (...values) => l10n.t('a tunnel with {0}', ...values),
    checking: (...values) => l10n.t('Checking that {0} leads here', ...values),
    answers: (...values) => l10n.t('{0} answers', ...values),
    taken: (...values) =>
      l10n.t(
        '{0} answers, but {1} was asked for and is taken. What is registered at another URL does not arrive: register {0} instead',
        ...values,
      ),
    changed: (...values) =>
      l10n.t('{0} answers. The public URL was {1} before: what is registered there no longer arrives', ...values),
    'trying-again': (...values) => l10n.t('{0}; trying again in {1}', ...values),
    'no-answer': (...values) => l10n.t('{0} does not answer ({1})', ...values),
    'answered-by-server': (...values) =>
      l10n.t(
        '{0} from the tunnel server itself: where it is one of your own, start it with "--domain {1}"; else it has lost the tunnel',
        ...values,
      ),
    'nothing-within': (...values) => l10n.t('nothing within {0}', ...values),
    lost: (...values) => l10n.t('{0} is lost: {1}', ...values),
    'free-again': (...values) => l10n.t('{0} is free again', ...values),
    'took-longer': (...values) => l10n.t('Opening {0} took longer than {1}', ...values),
    'opening-failed': (...values) => l10n.t('Opening {0} failed ({1})', ...values),
    'server-unreachable': (...values) => l10n.t('The tunnel server {0} cannot be reached ({1})', ...values),
    'port-unreachable': (...values) =>
      l10n.t('The tunnel server gave the port {0}, but {1} cannot be reached ({2})', ...values),
    'no-localtunnel-server': (...values) => l10n.t('{0} does not answer as a localtunnel server does', ...values),
    'subdomain-refused': (...values) => l10n.t('The tunnel server {0} refuses the subdomain "{1}" ({2})', ...values),
    'program-missing': (...values) => l10n.t('{0} was not found: there is no program "{1}"', ...values),
    'program-not-runnable': (...values) => l10n.t('{0} cannot be run: "{1}" ({2})', ...values),
    'did-not-start': (...values) => l10n.t('{0} did not start', ...values),
    'ended-with': (...values) => l10n.t('{0} ended with {1}', ...values),
    'was-ended-by': (...values) => l10n.t('{0} was ended by {1}', ...values),
    'without-tunnel': (...values) => l10n.t('{0} without opening a tunnel', ...values),
    'with-words': (...values) => l10n.t('{0} ({1})', ...values),
    'connection-refused': () => l10n.t('connection refused'),
    'connection-reset': () => l10n.t('connection reset'),
    'unknown-host': () => l10n.t('unknown host name'),
    'no-lookup': () => l10n.t('the host name could not be looked up'),
    'network-unreachable': () => l10n.t('network unreachable'),
    'host-unreachable': () => l10n.t('host unreachable'),
    'timed-out': () => l10n.t('timed out'),
    'connection-closed': () => l10n.t('connection closed without an answer'),
    'request-failed': () => l10n.t('the request failed'),
    'check-internet': () => l10n.t('Check that this machine reaches the internet'),
    'check-firewall': () => l10n.t('Check that no firewall blocks outgoing connections to that port'),
    'server-sends-on': (...values) => l10n.t('The tunnel server {0} sends on to {1}', ...values),
    'names-other-host': (...values) => l10n.t('The tunnel server {0} names another host, {1}', ...values),
    'leads-inside': (...values) =>
      l10n.t('The tunnel server {0} leads to {1}, which is of this machine or of a private network', ...values),
    'no-address': () => l10n.t('no address that may be connected to'),
    'set-server': () => l10n.t('Set that as the tunnel server, where it is the right one'),
    'allow-host': (...values) =>
      l10n.t(
        'Use another tunnel server or, where that host is known to be its own, allow it: VS Code asks, cm-relay takes "--tunnel-allow {0}"',
        ...values,
      ),
    'use-own-address': () =>
      l10n.t('Use another tunnel server or, where it is one of your own, name it by its address'),
    'check-server': () => l10n.t('Check that the localtunnel server is right and that this machine can reach it'),
    'check-path': () => l10n.t('Check that the path is right and that the file may be executed'),
    'choose-subdomain': () => l10n.t('Choose another subdomain, or another tunnel server'),
    'install-program': (...values) =>
      l10n.t('Install {0} ({1}), or set the path to it, and open the tunnel again', ...values),
    'run-in-terminal': (...values) => l10n.t('Run "{0}" in a terminal to see all that it says', ...values),
    'add-authtoken': () =>
      l10n.t('Run "ngrok config add-authtoken" with the token of your ngrok account, and open the tunnel again'),
    'update-ngrok': () => l10n.t('Update ngrok'),
    'see-log': () => l10n.t('See the log'),
  };
}
