/** What the browser brings back from the page that asks for access, and whether it belongs to what was asked. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { oneLine } from '../common/one-line.ts';

/** Of somebody else's words in a message, in characters. */
const longestMessage = 300;

/** How the page that asks for access answered [docs: `code`, or `error` in its place; `state` is echoed]. */
export type Answer =
  | { readonly kind: 'code'; readonly code: string; readonly state: string | null }
  /** Access was refused or could not be asked for. The description may be missing [docs]. */
  | {
      readonly kind: 'refused';
      readonly error: string;
      readonly description: string | null;
      readonly state: string | null;
    }
  /** Neither of both, or one of them more than once: not such an answer. */
  | { readonly kind: 'none' };

/** More than any code is long; what is longer is not one. */
const maxCodeLength = 4096;

/** Reads the query of the URL that the browser was sent back to. */
export function readAnswer(query: URLSearchParams): Answer {
  for (const name of ['code', 'error', 'error_description', 'state'])
    if (query.getAll(name).length > 1) return { kind: 'none' };
  const state = query.get('state');
  const error = query.get('error');
  if (error !== null && error !== '') {
    const description = oneLine(query.get('error_description') ?? '', longestMessage);
    return {
      kind: 'refused',
      error: oneLine(error, longestMessage),
      description: description === '' ? null : description,
      state,
    };
  }
  const code = query.get('code');
  if (code === null || code === '' || code.length > maxCodeLength) return { kind: 'none' };
  return { kind: 'code', code, state };
}

/**
 * Reads what a person pasted: the whole URL that the browser ended on, its query, or the code alone.
 * A code alone has no state to compare; whoever pastes it vouches for it.
 */
export function readPasted(text: string): Answer {
  const pasted = text.trim();
  if (pasted === '' || /\s/.test(pasted)) return { kind: 'none' };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(pasted))
    return URL.canParse(pasted) ? readAnswer(new URL(pasted).searchParams) : { kind: 'none' };
  if (/(?:^|[?&])(?:code|error)=/.test(pasted))
    return readAnswer(new URLSearchParams(pasted.slice(pasted.indexOf('?') + 1)));
  return /^[\w.~+/=%-]+$/.test(pasted) && pasted.length <= maxCodeLength
    ? { kind: 'code', code: pasted, state: null }
    : { kind: 'none' };
}

/** A state that nobody guesses: 32 random bytes, fit for a URL. */
export function newState(): string {
  return randomBytes(32).toString('base64url');
}

/** Whether both states are the same, in a time that tells nothing of where they differ. */
export function sameState(asked: string, answered: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(asked), digest(answered));
}
