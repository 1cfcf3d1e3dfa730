/**
 * Asks for access in the browser and waits for the code, by all the ways that the registered callback allows at once.
 * The same for Open Connectors' OAuth and for Campaign Monitor's own.
 */
import { isLoopback } from '../common/loopback.ts';
import { newState, readAnswer, readPasted, sameState } from './answer.ts';
import type { Answer } from './answer.ts';
import { CallbackPortError } from './loopback.ts';
import type { PageKind } from './loopback.ts';
import type { Plan, Way } from './ways.ts';

/** How long the browser is waited for, in milliseconds. */
export const authorizationTimeoutMs = 5 * 60_000;

export interface AuthorizationRequest {
  /** What it is for, as the heading of progress and questions. */
  readonly title: string;
  /** The callback that is registered with the app: it decides by which ways the code can come. */
  readonly redirect: string;
  /** Where the browser is sent, with this state and this address to come back to. */
  buildUrl(state: string, redirectUri: string, signal: AbortSignal): Promise<string>;
  readonly signal?: AbortSignal;
}

/** How it ended. */
export type Authorization =
  /** The code works once, with this very `redirectUri`. */
  | { readonly kind: 'code'; readonly code: string; readonly redirectUri: string }
  /** By the vendor's names: `access_denied` where the person refused, `invalid_redirect_uri`, … */
  | { readonly kind: 'denied'; readonly error: string; readonly description: string | null }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'cancelled' };

/** Why an answer is not the one that is awaited. */
export type StrayAnswer = 'wrong-state' | 'refusal-without-state' | 'no-answer';

/** The URL of the consent is none that a browser may be sent to. */
export class AuthorizationUrlError extends Error {
  override readonly name = 'AuthorizationUrlError';
  readonly next = 'Check the host you requested the URL from.';
  constructor() {
    super('the consent address is not an https URL');
  }
}

/** Something that listens for the browser, until it is closed. */
export interface Listening {
  close(): Promise<void>;
}

/** What a person sees while the browser is awaited. */
export interface WaitingView {
  /** The browser was sent to this URL, or could not be. */
  opened(url: string, sent: boolean): void;
  /** An answer came that is not the awaited one; the waiting goes on. `again` begins anew. */
  stray(why: StrayAnswer, again: () => void): void;
  close(): void;
}

export interface WaitingOptions {
  readonly title: string;
  readonly ways: readonly Way[];
  readonly redirectUri: string;
  /** Takes what a person pasted. @returns what is wrong with it, or null where it was the answer */
  readonly paste: (text: string) => StrayAnswer | null;
  readonly cancel: () => void;
}

/** The parts that a window or a terminal gives. */
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
  /** The port of the loopback page is taken. */
  readonly askAboutPort: (error: CallbackPortError) => Promise<'again' | 'paste' | 'cancel'>;
  /** Calls back after some milliseconds, by the system's clock unless given. @returns what takes it back */
  readonly after?: (ms: number, callback: () => void) => () => void;
}

/**
 * Sends the browser to the consent and waits for the answer, five minutes at most.
 * @throws what `buildUrl` throws, AuthorizationUrlError
 */
export async function authorize(parts: AuthorizationParts, request: AuthorizationRequest): Promise<Authorization> {
  for (;;) {
    const outcome = await askOnce(parts, request);
    if (outcome.kind !== 'again') return outcome;
  }
}

type Outcome = Authorization | { readonly kind: 'again' };

/** Whether an answer that came through the browser is the one that was asked for. */
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
  if (signal.aborted) return { kind: 'cancelled' };
  let settle: (outcome: Outcome) => void = () => undefined;
  const settled = new Promise<Outcome>((resolve) => (settle = resolve));
  const cancel = (): void => settle({ kind: 'cancelled' });
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
      // Without a state there is nothing to compare: whoever pastes it knows where it comes from.
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
        if (choice === 'cancel') return { kind: 'cancelled' };
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
    // A call that was given up says so in its own words.
    if (request.signal?.aborted === true) return { kind: 'cancelled' };
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

/** A vendor's answer must not make the system open anything else than a web page. */
function mayBeOpened(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}
