import { webhookEventTypes } from '../../campaign-monitor/event-types.ts';
import type { SandboxClient, SandboxList } from '../campaign-monitor/accounts.ts';
import type { SandboxState } from '../campaign-monitor/state.ts';
import type { Tokens } from '../campaign-monitor/tokens.ts';
import type { Configuration } from './configuration.ts';
import { randomHex } from '../random-texts.ts';
import { platformErrors } from './platform-error.ts';

export type VendorAccess =
  | { readonly kind: 'api-key' }
  | { readonly kind: 'oauth'; readonly accessToken: string; readonly refreshToken: string };

export class VendorLink {
  readonly #state: SandboxState;
  readonly #tokens: Tokens;

  constructor(state: SandboxState, tokens: Tokens) {
    this.#state = state;
    this.#tokens = tokens;
  }

  /** Even a failed attempt uses the code up. @throws PlatformError 400 with the vendor's message */
  authenticate(configuration: Configuration, code: string): VendorAccess {
    if (code === '') return this.#withKey(configuration);
    const key = required(configuration, 'oauth.api.key');
    const secret = required(configuration, 'oauth.api.secret');
    const callbackUrl = required(configuration, 'oauth.callback.url');
    const message = 'Failed to retrieve an access token from the provider';
    const failure = this.#state.takeFailure('token');
    if (failure !== null) throw platformErrors.refusedByVendor(message, `${failure.error}: ${failure.message}`);
    const app = this.#state.oauthApps.get(key);
    if (app === undefined || secret !== app.clientSecret) {
      throw platformErrors.refusedByVendor(message, 'invalid_client: client_id or client_secret is wrong');
    }
    const answer = this.#tokens.exchangeCode(code, key, callbackUrl);
    if (answer === null) {
      throw platformErrors.refusedByVendor(message, 'invalid_grant: Specified code was invalid or expired');
    }
    return { kind: 'oauth', accessToken: answer.access_token, refreshToken: answer.refresh_token };
  }

  renewed(access: VendorAccess): VendorAccess {
    if (access.kind === 'api-key') return access;
    const grant = this.#tokens.check(access.accessToken);
    if (typeof grant !== 'string') return access;
    const answer = grant === 'expired' ? this.#tokens.refresh(access.refreshToken) : null;
    if (answer !== null) {
      return { kind: 'oauth', accessToken: answer.access_token, refreshToken: answer.refresh_token };
    }
    throw platformErrors.vendorUnauthorized(grant === 'revoked' ? 'Revoked OAuth Token' : 'Invalid OAuth Token');
  }

  isValid(access: VendorAccess): boolean {
    if (access.kind === 'api-key') return true;
    const grant = this.#tokens.check(access.accessToken);
    return grant !== 'invalid' && grant !== 'revoked';
  }

  checkLists(access: VendorAccess, listIds: readonly string[]): void {
    const message = 'Failed to register webhooks at the provider';
    if (listIds.length === 0) return;
    const grant = access.kind === 'oauth' ? this.#tokens.check(access.accessToken) : null;
    if (grant !== null && typeof grant !== 'string' && !grant.scopes.includes('ManageLists')) {
      throw platformErrors.refusedByVendor(message, 'The permission needed for this call was not granted: ManageLists');
    }
    const unknown = listIds.find((id) => !this.#state.lists.has(id));
    if (unknown !== undefined) throw platformErrors.refusedByVendor(message, `Invalid ListID: ${unknown}`);
  }

  /** Creates a webhook again that was deleted at the vendor. @param webhooks by list; changed in place */
  keepWebhooks(webhooks: Map<string, string>, listIds: readonly string[], url: string): void {
    for (const [listId, webhookId] of webhooks) {
      if (listIds.includes(listId) && this.#state.webhooks.has(webhookId)) continue;
      this.#state.webhooks.delete(webhookId);
      webhooks.delete(listId);
    }
    for (const listId of listIds) {
      if (webhooks.has(listId) || !this.#state.lists.has(listId)) continue;
      const webhookId = randomHex();
      this.#state.webhooks.set(webhookId, {
        webhookId,
        listId,
        events: webhookEventTypes,
        url,
        format: 'Json',
        active: true,
        failingSince: null,
      });
      webhooks.set(listId, webhookId);
    }
  }

  clients(): readonly SandboxClient[] {
    return this.#state.clients;
  }

  lists(clientId: string): SandboxList[] {
    return this.#state.listsOf(clientId);
  }

  /** An instance may be authenticated by an API key, which is its `username` [docs]. */
  #withKey(configuration: Configuration): VendorAccess {
    const key = configuration['username'] ?? '';
    if (key === '') throw platformErrors.badRequest('providerData.code is required');
    if (key !== this.#state.apiKey) {
      throw platformErrors.refusedByVendor('The provider did not accept the credentials', 'Invalid API Key');
    }
    return { kind: 'api-key' };
  }
}

function required(configuration: Configuration, key: string): string {
  const value = configuration[key] ?? '';
  if (value === '') throw platformErrors.badRequest(`${key} is required`);
  return value;
}
