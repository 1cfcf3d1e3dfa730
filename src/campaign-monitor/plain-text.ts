/** Somebody else's words in our messages: on one line, not endless, nothing to click, and no secret said back. */
import { SecretMask } from '../common/masking.ts';
import { oneLine } from '../common/one-line.ts';

/** Longest text from outside in a message, in characters. */
const longest = 500;
/** More than this of a text is not looked at. */
const mostRead = 10_000;

/** A shorter secret would be found where it is not meant. */
const shortestSecret = 6;

/**
 * A text from outside as a part of a message. Controls and marks of writing direction are left out, and VS Code makes no
 * link of it.
 * @param secrets what was sent and must not stand in it, in the forms of SecretMask
 */
export function plainText(text: string, secrets: readonly string[] = []): string {
  const mask = new SecretMask(secrets.filter((secret) => secret.length >= shortestSecret));
  return oneLine(mask.in(text.slice(0, mostRead), { cut: text.length > mostRead }), longest);
}
