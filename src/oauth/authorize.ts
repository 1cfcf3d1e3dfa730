/** Asks for access by all the ways that the registered callback allows at once. */
import { say } from '../common/say.ts';
import { isLoopback } from '../common/loopback.ts';
import { newState, readAnswer, readPasted, sameState, type Answer } from './answer.ts';
import { CallbackPortError, type PageKind } from './loopback.ts';
import type { Plan, Way } from './ways.ts';

export const authorizationTimeoutMs = 5 * 60_000;

export interface AuthorizationRequest {
  readonly title: string;
  /** The callback that is registered with the app: it decides how the code can arrive. */
  readonly redirect: string;
  buildUrl(state: string, redirectUri: string, signal: AbortSignal): Promise<string>;
  readonly signal?: AbortSignal;
}

export type Authorization =
  /** The code works once, with this very `redirectUri`. */
  | { readonly kind: 'code'; readonly code: string; readonly redirectUri: string }
  /** In the vendor's words: `access_denied` if the person refused, `invalid_redirect_uri`, … */
  | { readonly kind: 'denied'; readonly error: string; readonly description: string | null }
  | { readonly kind: 'timed-out' | 'canceled' };

export type StrayAnswer = 'wrong-state' | 'refusal-without-state' | 'no-answer';

export class AuthorizationUrlError extends Error {
  override readonly name = 'AuthorizationUrlError';
  readonly next = say('Check the host you requested the URL from.');
  constructor() {
    super('the consent address is not an https URL');
  }
}

export interface Listening {
  close(): Promise<void>;
}

export interface WaitingView {
  opened(url: string, sent: boolean): void;
  /** An answer arrived that is not the awaited one; the waiting continues. `again` restarts it. */
  stray(why: StrayAnswer, again: () => void): void;
  close(): void;
}

export interface WaitingOptions {
  readonly title: string;
  readonly ways: readonly Way[];
  readonly redirectUri: string;
  /** @returns what is wrong with the pasted text, or null if it was the answer */
  readonly paste: (text: string) => StrayAnswer | null;
  readonly cancel: () => void;
}

export interface AuthorizationParts {
  readonly plan: (registered: string) => Promise<Plan>;
  /** @throws CallbackPortError */
  readonly listen: (
    way: Exclude<Way, 'paste'>,
    redirectUri: string,
    answered: (query: URLSearchParams) => PageKind,
  ) => Promise<Listening>;
  /** @returns whether the browser was sent there */
  readonly openBrowser: (url: string) => PromiseLike<boolean>;
  readonly showWaiting: (options: WaitingOptions) => WaitingView;
  readonly askAboutPort: (error: CallbackPortError) => Promise<'again' | 'paste' | 'cancel'>;
  /** A timer, by the system's clock unless given. @returns cancels it */
  readonly after?: (ms: number, callback: () => void) => () => void;
}

/** Waits five minutes at most. @throws what `buildUrl` throws, AuthorizationUrlError */
export async function authorize(parts: AuthorizationParts, request: AuthorizationRequest): Promise<Authorization> {
  for (;;) {
    const outcome = await askOnce(parts, request);
    if (outcome.kind !== 'again') return outcome;
  }
}

type Outcome = Authorization | { readonly kind: 'again' };

function strayReason(answer: Answer, state: string): StrayAnswer | null {
  if (answer.kind === 'none') return 'no-answer';
  if (answer.state !== null && sameState(state, answer.state)) return null;
  return answer.kind === 'refused' && answer.state === null ? 'refusal-without-state' : 'wrong-state';
}

async function askOnce(parts: AuthorizationParts, request: AuthorizationRequest): Promise<Outcome> {
  const { ways, redirectUri } = await parts.plan(request.redirect);
  const state = newState();
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, ...(request.signal === undefined ? [] : [request.signal])]);
  if (signal.aborted) return { kind: 'canceled' };
  let settle: (outcome: Outcome) => void = () => undefined;
  const settled = new Promise<Outcome>((resolve) => (settle = resolve));
  const cancel = (): void => settle({ kind: 'canceled' });
  signal.addEventListener('abort', cancel);
  const take = (answer: Exclude<Answer, { kind: 'none' }>): void => {
    if (answer.kind === 'code') settle({ kind: 'code', code: answer.code, redirectUri });
    else settle({ kind: 'denied', error: answer.error, description: answer.description });
  };
  const view = parts.showWaiting({
    title: request.title,
    ways,
    redirectUri,
    paste: (text) => {
      const answer = readPasted(text);
      if (answer.kind === 'none') return 'no-answer';
      // Without a state there is nothing to compare: the person who pastes it knows where it is from.
      if (answer.state !== null && !sameState(state, answer.state)) return 'wrong-state';
      take(answer);
      return null;
    },
    cancel,
  });
  const listening: Listening[] = [];
  let stopClock = (): void => undefined;
  try {
    const answered = (query: URLSearchParams): PageKind => {
      const answer = readAnswer(query);
      const why = strayReason(answer, state);
      if (why !== null || answer.kind === 'none') {
        view.stray(why ?? 'no-answer', () => settle({ kind: 'again' }));
        return 'stray';
      }
      take(answer);
      return answer.kind === 'code' ? 'received' : 'refused';
    };
    for (const way of ways) {
      if (way === 'paste') continue;
      try {
        listening.push(await parts.listen(way, redirectUri, answered));
      } catch (error) {
        if (!(error instanceof CallbackPortError)) throw error;
        const choice = await Promise.race([parts.askAboutPort(error), settled.then(() => 'cancel' as const)]);
        if (choice === 'again') return { kind: 'again' };
        if (choice === 'cancel') return { kind: 'canceled' };
      }
    }
    const built = request.buildUrl(state, redirectUri, signal);
    const url = await Promise.race([built, settled]);
    if (typeof url !== 'string') {
      built.catch(() => undefined);
      return url;
    }
    if (!mayBeOpened(url)) throw new AuthorizationUrlError();
    stopClock = (parts.after ?? afterTime)(authorizationTimeoutMs, () => settle({ kind: 'timed-out' }));
    void Promise.resolve(parts.openBrowser(url))
      .catch(() => false)
      .then((sent) => {
        if (!ended.signal.aborted) view.opened(url, sent);
      });
    return await settled;
  } catch (error) {
    // A call that was canceled throws its own error.
    if (request.signal?.aborted === true) return { kind: 'canceled' };
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
    stopClock();
    ended.abort();
    view.close();
    await Promise.all(listening.map((each) => each.close()));
  }
}

function afterTime(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}

/** A vendor's response must not make the system open anything but a web page. */
function mayBeOpened(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}
