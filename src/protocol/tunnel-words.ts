/**
 * Texts about the tunnel, by codes for clients that translate them. The English text is sent with the code, for clients
 * that don't know the code.
 */
import { z } from 'zod';
import { spokenWords } from '../common/words.ts';
import type { Words } from '../common/words.ts';

/** The English texts: parts of a sentence, with `{0}` for the first value, without a full stop. */
export const tunnelTexts = {
  starting: 'The relay is starting',
  'not-opened': 'No tunnel is open',
  'not-set': 'Reachable from this machine only',
  closed: 'The tunnel is closed',
  opening: 'Opening {0}',
  'opening-again': 'Reopening {0}',
  'localtunnel-at': 'a tunnel at {0}',
  'tunnel-with': 'a tunnel with {0}',
  checking: 'Checking that {0} reaches this relay',
  answers: '{0} is answering',
  taken: '{1} is taken, so the public URL is {0}. Events sent to another URL don’t arrive: register {0} instead',
  changed: '{0} is answering. Events sent to the old public URL, {1}, no longer arrive',
  'trying-again': '{0}; trying again in {1}',
  'no-answer': '{0} isn’t answering ({1})',
  'answered-by-server':
    'the tunnel server itself answered {0}: if you run this server, start it with "--domain {1}"; otherwise, the server has lost the tunnel',
  'nothing-within': 'no answer within {0}',
  lost: 'Lost the tunnel at {0}: {1}',
  'free-again': '{0} is available again',
  'took-longer': 'Opening {0} took longer than {1}',
  'opening-failed': 'Couldn’t open {0} ({1})',
  'server-unreachable': 'Can’t reach the tunnel server {0} ({1})',
  'port-unreachable': 'The tunnel server assigned port {0}, but {1} can’t be reached ({2})',
  'no-localtunnel-server': '{0} isn’t a localtunnel server',
  'subdomain-refused': 'The tunnel server {0} didn’t open a tunnel for the subdomain "{1}" ({2})',
  'server-sends-on': 'The tunnel server {0} redirects to {1}',
  'names-other-host': 'The tunnel server {0} uses another host, {1}',
  'leads-inside': 'The tunnel server {0} points to {1}, which is on this machine or in a private network',
  'program-missing': '{0} not found: the program "{1}" doesn’t exist',
  'program-not-runnable': 'Can’t run {0}: "{1}" ({2})',
  'did-not-start': '{0} didn’t start',
  'ended-with': '{0} exited with {1}',
  'was-ended-by': '{0} was ended by {1}',
  'without-tunnel': '{0} without opening a tunnel',
  'with-words': '{0} ({1})',
  'connection-refused': 'connection refused',
  'connection-reset': 'connection reset',
  'unknown-host': 'unknown host name',
  'no-lookup': 'the host name couldn’t be looked up',
  'network-unreachable': 'network unreachable',
  'host-unreachable': 'host unreachable',
  'no-address': 'no allowed address found for the host',
  'timed-out': 'timed out',
  'connection-closed': 'connection closed without an answer',
  'request-failed': 'the request failed',
  'check-internet': 'Check that this machine has internet access',
  'check-firewall': 'Check that no firewall blocks outgoing connections to that port',
  'check-server': 'Check that the localtunnel server’s address is right and that this machine can reach the server',
  'check-path': 'Check that the path is right and that the file is executable',
  'set-server': 'If the redirect target is the right server, set it as the tunnel server',
  'allow-host':
    'Use another tunnel server. If you trust that host, allow it: VS Code asks you; in cm-relay, use "--tunnel-allow {0}"',
  'use-own-address': 'Use another tunnel server. If you run this server, set its private address as the tunnel server',
  'choose-subdomain': 'Choose another subdomain or another tunnel server',
  'install-program': 'Install {0} ({1}) or set its path, and then open the tunnel again',
  'run-in-terminal': 'Run "{0}" in a terminal for its full output',
  'sign-in': 'Run "{0}" in a terminal to sign in, and then open the tunnel again',
  'needs-you': '{0} is waiting for you ({1})',
  'program-refused':
    'Can’t run {0}: "{1}" is a relative path, or in the working directory, the workspace, or node_modules',
  'move-program':
    'Install {0} outside your projects, or set its absolute path: in VS Code in the settings, in cm-relay with "--tunnel-program"',
  'step-failed': '"{0}" failed: {1}',
  'several-urls': '{0} printed several URLs ({1} and {2})',
  'narrow-pattern': 'Make the pattern for the URL narrower, so that it matches only the public URL',
  'too-much-output': '{0} printed too much without a URL',
  'not-https': '{0} named {1}, which isn’t a URL that starts with https://',
  'value-missing': '{0} needs {1}',
  'name-unused': '{0} can’t use the name "{1}"',
  'leave-out-name': 'Leave out the name, or choose a tunnel that takes one',
  'value-name': 'the host name of its public URL',
  'value-server': 'your SSH server',
  'set-value': 'Set it: in VS Code in the setting "Tunnel: Programs"; in cm-relay with "{0}"',
  'key-changed': 'The SSH server {0} now has another key. Someone may be pretending to be this server',
  'remove-key':
    'If the server’s owner has changed the key, remove the lines of {0} from the file "{1}", and then open the tunnel again',
  'cost-free': 'free, no account',
  'cost-free-account': 'free with an account',
  'cost-own-server': 'your own server',
  'cost-unknown': 'cost unknown',
  'browser-warning': 'shows browsers a warning page first; a sender that isn’t a browser gets through',
  'ends-after-an-hour': 'ends after 60 minutes and gets another URL',
  'url-changes': 'gets another URL now and then, unless you set your own name',
  outages: 'the public server is often down; fine with your own server',
  'own-tailnet-check': 'the check from this machine may stay within your tailnet',
  'see-log': 'See the log',
} as const;
export type TunnelCode = keyof typeof tunnelTexts;

/** From a relay, which may know codes that its client doesn't. */
export const tunnelWordsSchema: z.ZodType<Words> = z.lazy(() =>
  z.object({ code: z.string(), values: z.array(z.union([z.string(), z.number(), tunnelWordsSchema])) }),
);

export function tunnelWords(code: TunnelCode, ...values: Words['values']): Words {
  return { code, values };
}

/** @returns undefined if a code is unknown here */
export function tunnelText(words: Words): string | undefined {
  const texts: Readonly<Record<string, string>> = tunnelTexts;
  return spokenWords(words, (code) => (Object.hasOwn(texts, code) ? texts[code] : undefined));
}

export function englishWords(words: Words): string {
  return tunnelText(words) ?? words.code;
}

/** Sentences as one text. */
export function asSentences(texts: readonly string[]): string {
  return texts.map((text) => `${text}.`).join(' ');
}
