/** Text from outside in our messages: one line, limited, without links and secrets. */
import { SecretMask } from '../common/masking.ts';
import { oneLine } from '../common/one-line.ts';

/** Maximum length in a message, in characters. */
const longest = 500;
/** Maximum characters of a text to search for secrets. */
const mostRead = 10_000;

/** A shorter secret would match elsewhere. */
const shortestSecret = 6;

/** @param secrets what was sent and must not be in it, in the forms of SecretMask */
export function plainText(text: string, secrets: readonly string[] = []): string {
  const mask = new SecretMask(secrets.filter((secret) => secret.length >= shortestSecret));
  return oneLine(mask.in(text.slice(0, mostRead), { cut: text.length > mostRead }), longest);
}
