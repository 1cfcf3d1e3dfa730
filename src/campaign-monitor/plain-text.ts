/** Somebody else's words in our messages: on one line, not endless, nothing to click, and no secret said back. */

/** Longest text from outside in a message, in characters. */
const longest = 500;
/** More than this of a text is not looked at. */
const mostRead = 10_000;

/** A shorter secret would be found where it is not meant. */
const shortestSecret = 6;
const masked = '********';

/**
 * A text from outside as a part of a message. Controls and marks of writing direction are left out, and VS Code makes no
 * link of it.
 * @param secrets what was sent and must not stand in it, plainly or encoded
 */
export function plainText(text: string, secrets: readonly string[] = []): string {
  const forms = secrets.filter((secret) => secret.length >= shortestSecret).flatMap(formsOf);
  // The longest first: one may be a part of another.
  forms.sort((a, b) => b.length - a.length);
  return forms
    .reduce((rest, form) => rest.replaceAll(form, masked), text.slice(0, mostRead))
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .replaceAll('](', '] (')
    .trim()
    .slice(0, longest);
}

function formsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const form = new URLSearchParams([['', secret]]).toString().slice(1);
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
  return [secret, json, form, form.replaceAll('+', '%20'), base64];
}
