/** Makes an instance, once: consent, `POST /instances`, and what to do where no answer comes. */
import { setTimeout as delay } from 'node:timers/promises';
import { OpenConnectorsError } from './api-error.ts';
import type { Instance } from './answers.ts';
import type { OpenConnectorsApi } from './api.ts';
import { factsOf } from './instance-facts.ts';
import type { InstanceFacts } from './instance-facts.ts';
import { buildInstanceBody } from './instance-body.ts';
import type { InstanceInput } from './instance-body.ts';
import type { Authorization, AuthorizationRequest } from '../oauth/authorize.ts';

/** How it ended. */
export type CreationResult =
  /** It is there, and its token is kept. */
  | {
      readonly kind: 'created';
      readonly id: number;
      readonly name: string;
      /** It had been made by a call that got no answer. */
      readonly found: boolean;
      /** What it was made with, empty for none; null where that is not known any more. */
      readonly signatureKey: string | null;
    }
  /** It is there, and its token could not be kept. The next attempt finds it. */
  | { readonly kind: 'not-kept'; readonly name: string; readonly error: Error }
  /** Given up before the call: nothing was made. */
  | { readonly kind: 'cancelled' }
  /** The consent gave no code. */
  | { readonly kind: 'not-authorized'; readonly authorization: Exclude<Authorization, { kind: 'code' }> }
  /** The platform said no, to the question for the consent's address or to the instance: nothing was made. */
  | { readonly kind: 'refused'; readonly step: 'consent' | 'creation'; readonly error: OpenConnectorsError }
  /** No answer came, and no new instance of that name is there. The code may be used up all the same. */
  | { readonly kind: 'lost'; readonly error: OpenConnectorsError }
  /** An unanswered call has made one, and the person did not want it. */
  | { readonly kind: 'declined' }
  /** No answer came, and whether the instance was made cannot be found out now. The next attempt looks first. */
  | { readonly kind: 'unknown'; readonly error: OpenConnectorsError };

/** What is under way, for whoever shows it. */
export type CreationStep = 'creating' | 'looking';

/** What is kept of an instance that was made here. */
export interface NewInstance {
  readonly id: number;
  readonly name: string;
  /** As {@link CreationParts.host} has it. */
  readonly host: string;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** Where an instance is kept that was made here, with its token where that is known. */
export interface NewInstanceStore {
  add(instance: NewInstance, token: string | undefined): Promise<void>;
}

export interface CreationParts {
  readonly api: Pick<OpenConnectorsApi, 'oauthUrl' | 'createInstance' | 'listInstances' | 'getInstance'>;
  /** Where the instance is kept as being: a host as the settings or a flag name it. */
  readonly host: string;
  readonly store: NewInstanceStore;
  /** The heading of the consent's progress. */
  readonly title: string;
  readonly authorize: (request: AuthorizationRequest) => Promise<Authorization>;
  /** Shows a step while it lasts; its signal ends it early. */
  readonly during: <T>(step: CreationStep, task: (signal: AbortSignal) => Promise<T>) => Promise<T>;
  /** Offers instances that an unanswered call has made. @returns the one to use, or null for none of them */
  readonly offer: (found: readonly InstanceFacts[]) => Promise<InstanceFacts | null>;
  /** Resolves after some milliseconds, or when the signal is aborted: another one for tests, as is the clock. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly now?: () => number;
}

/** The instances of a name that were there before an attempt whose end is not known. Holds no secret. */
export interface OpenAttempt {
  readonly host: string;
  readonly name: string;
  readonly before: Before;
  /** Whether its instance has a signature key. */
  readonly signed: boolean;
}

/** Where open attempts outlive the process: whoever begins anew after it ended half way makes no second instance. */
export interface AttemptMemory {
  read(): readonly OpenAttempt[];
  write(attempts: readonly OpenAttempt[]): PromiseLike<void>;
}

/** An attempt of this process. */
interface OwnAttempt extends OpenAttempt {
  /** In memory alone. */
  readonly signatureKey?: string;
}

/** Their ids; or, where they could not be read, the time, in milliseconds since the epoch. */
type Before = { readonly ids: readonly number[] } | { readonly since: number };

/** What looking for an attempt's instance came to. */
type Look =
  | { readonly kind: 'chosen'; readonly instance: Instance }
  | { readonly kind: 'declined' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'error'; readonly error: OpenConnectorsError };

/** When to look again for an instance that no answer told of, in milliseconds: the platform may still be at it. */
const looks = [0, 2000, 5000];

/** How far the platform's clock may be behind this machine's, in milliseconds. */
const clockSkewMs = 120_000;

export class CreationAttempts {
  readonly #memory: AttemptMemory;
  #running: { readonly result: Promise<CreationResult>; readonly canceled: AbortSignal } | undefined;
  #open: readonly OwnAttempt[];

  constructor(memory: AttemptMemory) {
    this.#memory = memory;
    this.#open = memory.read();
  }

  /**
   * Makes an instance. While one is being made, a second call joins it instead of making another, unless it is being
   * canceled: then the second call waits until it ends, and finds what it may have made.
   */
  create(parts: CreationParts, input: InstanceInput, signal: AbortSignal): Promise<CreationResult> {
    const before = this.#running;
    if (before?.canceled.aborted === false) return before.result;
    const cancel = new AbortController();
    const canceled = AbortSignal.any([signal, cancel.signal]);
    const create = (): Promise<CreationResult> => this.#create(parts, input, signal, cancel);
    const result = before === undefined ? create() : before.result.then(create, create);
    const running = { result, canceled };
    this.#running = running;
    const end = (): void => {
      if (this.#running === running) this.#running = undefined;
    };
    void result.then(end, end);
    return result;
  }

  /** @param cancel aborted when the call to make it was canceled, and looking for what it made goes on */
  async #create(
    parts: CreationParts,
    input: InstanceInput,
    signal: AbortSignal,
    cancel: AbortController,
  ): Promise<CreationResult> {
    const { api, host } = parts;
    const { name } = input;
    const earlier = this.#open.find((attempt) => attempt.host === host && attempt.name === name);
    if (earlier !== undefined) {
      const found = await this.#look(parts, earlier, [0], signal);
      if (found.kind === 'error') return { kind: 'unknown', error: found.error };
      if (found.kind !== 'nothing') return this.#take(parts, earlier, found);
    }
    // Read while the person is in the browser.
    const since = (parts.now ?? Date.now)() - clockSkewMs;
    const reading = instancesNamed(api, name, signal).then(
      (instances): Before => ({ ids: instances.map(({ id }) => id) }),
      (): Before => ({ since }),
    );
    let code = '';
    let { oauthCallbackUrl } = input;
    if (input.authentication === 'oauth') {
      let authorization: Authorization;
      try {
        authorization = await parts.authorize({
          title: parts.title,
          redirect: input.oauthCallbackUrl,
          buildUrl: (state, redirectUri, aborted) =>
            api.oauthUrl(
              { apiKey: input.apiKey, apiSecret: input.apiSecret, callbackUrl: redirectUri, state },
              aborted,
            ),
          signal,
        });
      } catch (error) {
        if (!(error instanceof OpenConnectorsError)) throw error;
        return error.kind === 'cancelled' ? { kind: 'cancelled' } : { kind: 'refused', step: 'consent', error };
      }
      if (authorization.kind === 'cancelled') return { kind: 'cancelled' };
      if (authorization.kind !== 'code') return { kind: 'not-authorized', authorization };
      code = authorization.code;
      oauthCallbackUrl = authorization.redirectUri;
    }
    const { signatureKey = '' } = input;
    const before = await reading;
    const body = buildInstanceBody({ ...input, oauthCallbackUrl, code });
    if (signal.aborted) return { kind: 'cancelled' };
    const attempt: OwnAttempt = {
      host,
      name,
      // What the earlier one makes after all is this one's as well.
      before: earlier?.before ?? before,
      signed: signatureKey !== '',
      signatureKey,
    };
    // From here on something may be made, whatever becomes of the answer and of this process.
    await this.#remember([...this.#open.filter((each) => each !== earlier), attempt]);
    let created: Instance;
    try {
      created = await parts.during('creating', (stop) => api.createInstance(body, AbortSignal.any([signal, stop])));
    } catch (error) {
      if (!(error instanceof OpenConnectorsError)) throw error;
      if (error.kind === 'cancelled') cancel.abort();
      if (!isFinal(error)) return this.#find(parts, attempt, error);
      await this.#close(attempt);
      return { kind: 'refused', step: 'creation', error };
    }
    return this.#keep(parts, attempt, created, false);
  }

  /** No answer: looks for what the call may have made. */
  async #find(parts: CreationParts, attempt: OwnAttempt, error: OpenConnectorsError): Promise<CreationResult> {
    // Whoever cancels wants to go on soon: one look is enough, the next attempt looks again.
    const found = await parts.during('looking', (stop) =>
      this.#look(parts, attempt, error.kind === 'cancelled' ? [0] : looks, stop),
    );
    if (found.kind === 'error') return { kind: 'unknown', error };
    // One that was cancelled, too: the call was sent, and the platform may still be at it.
    if (found.kind === 'nothing') return { kind: 'lost', error };
    return this.#take(parts, attempt, found);
  }

  /** Keeps the instance that was chosen among those found; one that is not wanted is not asked about again. */
  async #take(
    parts: CreationParts,
    attempt: OwnAttempt,
    found: Extract<Look, { kind: 'chosen' | 'declined' }>,
  ): Promise<CreationResult> {
    if (found.kind === 'chosen') return this.#keep(parts, attempt, found.instance, true);
    await this.#close(attempt);
    return found;
  }

  /** Looks for new instances of an attempt's name and offers them. */
  async #look(
    parts: CreationParts,
    attempt: OpenAttempt,
    delays: readonly number[],
    signal: AbortSignal,
  ): Promise<Look> {
    try {
      for (const ms of delays) {
        if (ms > 0) await (parts.wait ?? wait)(ms, signal);
        if (signal.aborted) break;
        const found = (await instancesNamed(parts.api, attempt.name, signal)).filter((each) =>
          isNew(each, attempt.before),
        );
        if (found.length === 0) continue;
        const chosen = await parts.offer(found.map(factsOf));
        const instance = found.find(({ id }) => id === chosen?.id);
        return instance === undefined ? { kind: 'declined' } : { kind: 'chosen', instance };
      }
      return { kind: 'nothing' };
    } catch (error) {
      if (!(error instanceof OpenConnectorsError)) throw error;
      return { kind: 'error', error };
    }
  }

  /** Keeps an instance with its token. One that was found has it in the list, or tells it when it is asked for. */
  async #keep(
    { api, host, store, now = Date.now }: CreationParts,
    attempt: OwnAttempt,
    instance: Instance,
    found: boolean,
  ): Promise<CreationResult> {
    const { id, name = '' } = instance;
    const token = instance.token ?? (await api.getInstance(id).catch(() => undefined))?.token;
    try {
      await store.add({ id, name, host, createdAt: new Date(now()).toISOString() }, token);
    } catch (error) {
      return { kind: 'not-kept', name, error: error as Error };
    }
    await this.#close(attempt);
    return { kind: 'created', id, name, found, signatureKey: attempt.signatureKey ?? (attempt.signed ? null : '') };
  }

  async #close(attempt: OpenAttempt): Promise<void> {
    // One that stays remembered leads to another look and nothing else.
    await this.#remember(this.#open.filter((each) => each !== attempt)).catch(() => undefined);
  }

  async #remember(attempts: readonly OwnAttempt[]): Promise<void> {
    this.#open = attempts;
    await this.#memory.write(attempts.map(({ host, name, before, signed }) => ({ host, name, before, signed })));
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return delay(ms, undefined, { signal }).catch(() => undefined);
}

/** Whether the platform refused, so that nothing was made. A fault of the platform's own may come after the making. */
function isFinal({ kind, status }: OpenConnectorsError): boolean {
  return kind === 'refused' && (status === null || (status < 500 && status !== 408));
}

async function instancesNamed(
  api: Pick<OpenConnectorsApi, 'listInstances'>,
  name: string,
  signal: AbortSignal,
): Promise<Instance[]> {
  // The search is the platform's and may be wider than the name.
  return (await api.listInstances({ searchText: name }, signal)).filter((instance) => instance.name === name);
}

function isNew(instance: Instance, before: Before): boolean {
  if ('ids' in before) return !before.ids.includes(instance.id);
  const { createdAt } = factsOf(instance);
  return createdAt !== null && createdAt >= before.since;
}
