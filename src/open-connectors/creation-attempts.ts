/** Creates an instance once: consent, `POST /instances`, and recovery if there is no response. */
import { setTimeout as delay } from 'node:timers/promises';
import { OpenConnectorsError } from './api-error.ts';
import type { Instance } from './answers.ts';
import type { OpenConnectorsApi } from './api.ts';
import { factsOf } from './instance-facts.ts';
import type { InstanceFacts } from './instance-facts.ts';
import { buildInstanceBody } from './instance-body.ts';
import type { InstanceInput } from './instance-body.ts';
import type { Authorization, AuthorizationRequest } from '../oauth/authorize.ts';

export type CreationResult =
  /** It exists, and its token is stored. */
  | {
      readonly kind: 'created';
      readonly id: number;
      readonly name: string;
      /** It was created by an earlier call without a response. */
      readonly found: boolean;
      /** The key it was created with, empty for none; null if no longer known. */
      readonly signatureKey: string | null;
    }
  /** It exists, but its token could not be stored. The next attempt finds it. */
  | { readonly kind: 'not-kept'; readonly name: string; readonly error: Error }
  /** Cancelled before the call: nothing was created. */
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'not-authorized'; readonly authorization: Exclude<Authorization, { kind: 'code' }> }
  /** Open Connectors refused the URL of the consent, or the instance: nothing was created. */
  | { readonly kind: 'refused'; readonly step: 'consent' | 'creation'; readonly error: OpenConnectorsError }
  /** There was no response, and no new instance of that name exists. The code may be used up. */
  | { readonly kind: 'lost'; readonly error: OpenConnectorsError }
  /** A call without a response created one, and the person did not want it. */
  | { readonly kind: 'declined' }
  /** There was no response, and it is unknown whether the instance was created. The next attempt checks first. */
  | { readonly kind: 'unknown'; readonly error: OpenConnectorsError };

export type CreationStep = 'creating' | 'looking';

/** A record of an instance that was created here. */
export interface NewInstance {
  readonly id: number;
  readonly name: string;
  /** See {@link CreationParts.host}. */
  readonly host: string;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** Stores instances that were created here, with their token if it is known. */
export interface NewInstanceStore {
  add(instance: NewInstance, token: string | undefined): Promise<void>;
}

export interface CreationParts {
  readonly api: Pick<OpenConnectorsApi, 'oauthUrl' | 'createInstance' | 'listInstances' | 'getInstance'>;
  /** The host as the settings or a flag name it, for the record. */
  readonly host: string;
  readonly store: NewInstanceStore;
  /** Of the consent's progress. */
  readonly title: string;
  readonly authorize: (request: AuthorizationRequest) => Promise<Authorization>;
  /** Shows a step while it lasts; its signal cancels it. */
  readonly during: <T>(step: CreationStep, task: (signal: AbortSignal) => Promise<T>) => Promise<T>;
  /** Offers instances that a call without a response has created. @returns the one to use, or null for none of them */
  readonly offer: (found: readonly InstanceFacts[]) => Promise<InstanceFacts | null>;
  /** Resolves after a time, or when the signal is aborted; replaced in tests, like the clock. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly now?: () => number;
}

/** The instances of a name that existed before an attempt whose result is unknown. Contains no secrets. */
export interface OpenAttempt {
  readonly host: string;
  readonly name: string;
  readonly before: Before;
  /** Whether its instance has a signature key. */
  readonly signed: boolean;
}

/** Stores open attempts across processes, so that an attempt after a crash creates no second instance. */
export interface AttemptMemory {
  read(): readonly OpenAttempt[];
  write(attempts: readonly OpenAttempt[]): PromiseLike<void>;
}

/** An attempt of this process. */
interface OwnAttempt extends OpenAttempt {
  /** Only in memory. */
  readonly signatureKey?: string;
}

/** Their IDs; or, if they could not be read, the time, in milliseconds since the epoch. */
type Before = { readonly ids: readonly number[] } | { readonly since: number };

type Look =
  | { readonly kind: 'chosen'; readonly instance: Instance }
  | { readonly kind: 'declined' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'error'; readonly error: OpenConnectorsError };

/** When to check for an instance after no response, in milliseconds: the API may still be creating it. */
const looks = [0, 2000, 5000];

/** How far Open Connectors' clock may be behind this machine's, in milliseconds. */
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
   * Creates an instance. A second call meanwhile joins the first instead of creating another, unless that is being
   * cancelled: then the second call waits until it ends, and finds what it may have created.
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

  /** @param cancel aborted when the creation was cancelled, but the check for its result continues */
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
      // What the earlier attempt may still create counts as this one's as well.
      before: earlier?.before ?? before,
      signed: signatureKey !== '',
      signatureKey,
    };
    // From here on an instance may be created, whatever happens to the response and this process.
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

  /** No response: checks what the call may have created. */
  async #find(parts: CreationParts, attempt: OwnAttempt, error: OpenConnectorsError): Promise<CreationResult> {
    // A person who cancels wants to continue soon: check once; the next attempt checks again.
    const found = await parts.during('looking', (stop) =>
      this.#look(parts, attempt, error.kind === 'cancelled' ? [0] : looks, stop),
    );
    if (found.kind === 'error') return { kind: 'unknown', error };
    // Also if cancelled: the call was sent, and the API may still be creating it.
    if (found.kind === 'nothing') return { kind: 'lost', error };
    return this.#take(parts, attempt, found);
  }

  /** Stores the instance that was chosen; a declined one is not offered again. */
  async #take(
    parts: CreationParts,
    attempt: OwnAttempt,
    found: Extract<Look, { kind: 'chosen' | 'declined' }>,
  ): Promise<CreationResult> {
    if (found.kind === 'chosen') return this.#keep(parts, attempt, found.instance, true);
    await this.#close(attempt);
    return found;
  }

  /** Checks for new instances of an attempt's name and offers them. */
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

  /** Stores an instance with its token, which the list or the instance itself contains. */
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
    // If it stays remembered, that only leads to another check.
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

/** Whether nothing was created, because the API refused. A server error may come after the creation. */
function isFinal({ kind, status }: OpenConnectorsError): boolean {
  return kind === 'refused' && (status === null || (status < 500 && status !== 408));
}

async function instancesNamed(
  api: Pick<OpenConnectorsApi, 'listInstances'>,
  name: string,
  signal: AbortSignal,
): Promise<Instance[]> {
  // The API's search may match more than the name.
  return (await api.listInstances({ searchText: name }, signal)).filter((instance) => instance.name === name);
}

function isNew(instance: Instance, before: Before): boolean {
  if ('ids' in before) return !before.ids.includes(instance.id);
  const { createdAt } = factsOf(instance);
  return createdAt !== null && createdAt >= before.since;
}
