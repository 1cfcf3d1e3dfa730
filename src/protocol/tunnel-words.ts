/**
 * What is said of the tunnel, by codes for clients that say it in another language. The codes go with the English over
 * the connection, so that whoever does not know one has that.
 */
import { z } from 'zod';
import { inEnglish, spokenWords } from '../common/words.ts';
import type { Say, Words } from '../common/words.ts';

/** The English of each: a piece of a sentence, `{0}` its first value. None ends with a full stop. */
export const tunnelTexts = {
  starting: 'The relay is starting',
  'not-opened': 'No tunnel has been opened',
  'not-set': 'No tunnel is set: only this machine reaches the relay',
  closed: 'The tunnel is closed',
  opening: 'Opening {0}',
  'opening-again': 'Opening {0} again',
  'localtunnel-at': 'a tunnel at {0}',
  'tunnel-with': 'a tunnel with {0}',
  checking: 'Checking that {0} leads here',
  answers: '{0} answers',
  taken:
    '{0} answers, but {1} was asked for and is taken. What is registered at another URL does not arrive: register {0} instead',
  changed: '{0} answers. The public URL was {1} before: what is registered there no longer arrives',
  'trying-again': '{0}; trying again in {1}',
  'no-answer': '{0} does not answer ({1})',
  'answered-by-server':
    '{0} from the tunnel server itself: where it is one of your own, start it with "--domain {1}"; else it has lost the tunnel',
  'nothing-within': 'nothing within {0}',
  lost: '{0} is lost: {1}',
  'free-again': '{0} is free again',
  'took-longer': 'Opening {0} took longer than {1}',
  'opening-failed': 'Opening {0} failed ({1})',
  'server-unreachable': 'The tunnel server {0} cannot be reached ({1})',
  'port-unreachable': 'The tunnel server gave the port {0}, but {1} cannot be reached ({2})',
  'no-localtunnel-server': '{0} does not answer as a localtunnel server does',
  'subdomain-refused': 'The tunnel server {0} refuses the subdomain "{1}" ({2})',
  'server-sends-on': 'The tunnel server {0} sends on to {1}',
  'names-other-host': 'The tunnel server {0} names another host, {1}',
  'leads-inside': 'The tunnel server {0} leads to {1}, which is of this machine or of a private network',
  'program-missing': '{0} was not found: there is no program "{1}"',
  'program-not-runnable': '{0} cannot be run: "{1}" ({2})',
  'did-not-start': '{0} did not start',
  'ended-with': '{0} ended with {1}',
  'was-ended-by': '{0} was ended by {1}',
  'without-tunnel': '{0} without opening a tunnel',
  'with-words': '{0} ({1})',
  'connection-refused': 'connection refused',
  'connection-reset': 'connection reset',
  'unknown-host': 'unknown host name',
  'no-lookup': 'the host name could not be looked up',
  'network-unreachable': 'network unreachable',
  'host-unreachable': 'host unreachable',
  'no-address': 'no address that may be connected to',
  'timed-out': 'timed out',
  'connection-closed': 'connection closed without an answer',
  'request-failed': 'the request failed',
  'check-internet': 'Check that this machine reaches the internet',
  'check-firewall': 'Check that no firewall blocks outgoing connections to that port',
  'check-server': 'Check that the localtunnel server is right and that this machine can reach it',
  'check-path': 'Check that the path is right and that the file may be executed',
  'set-server': 'Set that as the tunnel server, where it is the right one',
  'allow-host':
    'Use another tunnel server or, where that host is known to be its own, allow it: VS Code asks, cm-relay takes "--tunnel-allow {0}"',
  'use-own-address': 'Use another tunnel server or, where it is one of your own, name it by its address',
  'choose-subdomain': 'Choose another subdomain, or another tunnel server',
  'install-program': 'Install {0} ({1}), or set the path to it, and open the tunnel again',
  'run-in-terminal': 'Run "{0}" in a terminal to see all that it says',
  'add-authtoken': 'Run "ngrok config add-authtoken" with the token of your ngrok account, and open the tunnel again',
  'update-ngrok': 'Update ngrok',
  'see-log': 'See the log',
} as const;
export type TunnelCode = keyof typeof tunnelTexts;

/** As a relay tells it, which may know codes that its client does not. */
export const tunnelWordsSchema: z.ZodType<Words> = z.lazy(() =>
  z.object({ code: z.string(), values: z.array(z.union([z.string(), z.number(), tunnelWordsSchema])) }),
);

/** What a code says of these values. */
export function tunnelWords(code: TunnelCode, ...values: Words['values']): Words {
  return { code, values };
}

/** Words as a text. @returns undefined where a code is not known here */
export function tunnelText(words: Words, say: Say): string | undefined {
  const texts: Readonly<Record<string, string>> = tunnelTexts;
  return spokenWords(words, (code) => (Object.hasOwn(texts, code) ? texts[code] : undefined), say);
}

/** The English of words. */
export function englishWords(words: Words): string {
  return tunnelText(words, inEnglish) ?? words.code;
}

/** Sentences as one text. */
export function asSentences(texts: readonly string[]): string {
  return texts.map((text) => `${text}.`).join(' ');
}
