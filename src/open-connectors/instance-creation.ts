import { OpenConnectorsError } from './api-error.ts';
import type { Instance } from './answers.ts';
import type { OpenConnectorsApi } from './api.ts';
import { factsOf, type InstanceFacts } from './instance-facts.ts';
import { buildInstanceBody, type InstanceInput } from './instance-body.ts';
import type { Authorization, AuthorizationRequest } from '../oauth/authorize.ts';

export type CreationResult =
  | {
      readonly kind: 'created';
      readonly id: number;
      readonly name: string;
      readonly token: string | undefined;
    }
  /** Canceled before the call, or the name exists and another isn't wanted: nothing was created. */
  | { readonly kind: 'canceled' }
  | { readonly kind: 'not-authorized'; readonly authorization: Exclude<Authorization, { kind: 'code' }> }
  /** A request before the creating call failed, or Open Connectors refused that call: nothing was created. */
  | { readonly kind: 'refused'; readonly step: 'before' | 'creation'; readonly error: OpenConnectorsError }
  /**
   * There was no response, and the instance may have been created. `found` has the new instances of its name; null if
   * the instances couldn't be listed.
   */
  | {
      readonly kind: 'unanswered';
      readonly error: OpenConnectorsError;
      readonly found: readonly InstanceFacts[] | null;
    };

export type CreationStep = 'creating' | 'looking';

export interface CreationDeps {
  readonly api: Pick<OpenConnectorsApi, 'oauthUrl' | 'createInstance' | 'listInstances' | 'getInstance'>;
  readonly title: string;
  readonly authorize: (request: AuthorizationRequest) => Promise<Authorization>;
  readonly confirmDuplicate: (existing: readonly InstanceFacts[]) => Promise<boolean>;
  readonly during: <T>(step: CreationStep, task: (signal: AbortSignal) => Promise<T>) => Promise<T>;
}

/** Creates an instance with one call, which is never repeated. */
export async function createInstance(
  deps: CreationDeps,
  input: InstanceInput,
  signal: AbortSignal,
): Promise<CreationResult> {
  const { api } = deps;
  const { name } = input;
  let existing: readonly InstanceFacts[];
  let code = '';
  let { oauthCallbackUrl } = input;
  try {
    existing = await instancesNamed(api, name, signal);
    if (existing.length > 0 && !(await deps.confirmDuplicate(existing))) return { kind: 'canceled' };
    if (input.authentication === 'oauth') {
      const authorization = await deps.authorize({
        title: deps.title,
        redirect: input.oauthCallbackUrl,
        buildUrl: (state, redirectUri, aborted) =>
          api.oauthUrl({ apiKey: input.apiKey, apiSecret: input.apiSecret, callbackUrl: redirectUri, state }, aborted),
        signal,
      });
      if (authorization.kind === 'canceled') return { kind: 'canceled' };
      if (authorization.kind !== 'code') return { kind: 'not-authorized', authorization };
      code = authorization.code;
      oauthCallbackUrl = authorization.redirectUri;
      // What an earlier call without a response created may only have appeared meanwhile.
      const before = existing;
      existing = await instancesNamed(api, name, signal);
      const appeared = existing.filter(({ id }) => before.every((each) => each.id !== id));
      if (appeared.length > 0 && !(await deps.confirmDuplicate(appeared))) return { kind: 'canceled' };
    }
  } catch (error) {
    if (!(error instanceof OpenConnectorsError)) throw error;
    return error.kind === 'canceled' ? { kind: 'canceled' } : { kind: 'refused', step: 'before', error };
  }
  const body = buildInstanceBody({ ...input, oauthCallbackUrl, code });
  if (signal.aborted) return { kind: 'canceled' };
  let created: Instance;
  try {
    created = await deps.during('creating', (stop) => api.createInstance(body, AbortSignal.any([signal, stop])));
  } catch (error) {
    if (!(error instanceof OpenConnectorsError)) throw error;
    if (isFinal(error)) return { kind: 'refused', step: 'creation', error };
    const named = await deps.during('looking', (stop) =>
      instancesNamed(api, name, stop).catch((failure: unknown) => {
        if (!(failure instanceof OpenConnectorsError)) throw failure;
        return null;
      }),
    );
    const found = named?.filter(({ id }) => existing.every((each) => each.id !== id)) ?? null;
    return { kind: 'unanswered', error, found };
  }
  const { id } = created;
  return { kind: 'created', id, name: created.name ?? '', token: created.token ?? (await readToken(api, id)) };
}

/** @returns undefined if Open Connectors doesn't return it */
export async function readToken(api: Pick<OpenConnectorsApi, 'getInstance'>, id: number): Promise<string | undefined> {
  return (await api.getInstance(id).catch(() => undefined))?.token;
}

/** Whether nothing was created, because the API refused. A server error may come after the creation. */
function isFinal({ kind, status }: OpenConnectorsError): boolean {
  return kind === 'refused' && (status === null || (status < 500 && status !== 408));
}

async function instancesNamed(
  api: Pick<OpenConnectorsApi, 'listInstances'>,
  name: string,
  signal: AbortSignal,
): Promise<InstanceFacts[]> {
  // The API's search may match more than the name.
  const instances = await api.listInstances({ searchText: name }, signal);
  return instances.filter((instance) => instance.name === name).map(factsOf);
}
