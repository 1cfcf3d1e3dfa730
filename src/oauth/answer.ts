import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { oneLine } from '../common/unprintable.ts';

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
  | { readonly kind: 'none' };

const maxCodeLength = 4096;

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

/** Reads the whole URL that the browser ended on, its query, or the code alone, which has no state to compare. */
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

export function newState(): string {
  return randomBytes(32).toString('base64url');
}

/** Compares in constant time. */
export function sameState(asked: string, answered: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(asked), digest(answered));
}
