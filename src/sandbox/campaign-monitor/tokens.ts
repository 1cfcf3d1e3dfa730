import { randomHex, randomToken } from '../random-texts.ts';

/** Fourteen days [vendor]. */
const tokenLifetimeSeconds = 1_209_600;

/** [vendor] */
export const knownScopes: readonly string[] = [
  'ViewReports',
  'ManageLists',
  'CreateCampaigns',
  'ImportSubscribers',
  'SendCampaigns',
  'ViewSubscribersInReports',
  'ManageTemplates',
  'AdministerPersons',
  'AdministerAccount',
  'ViewTransactional',
  'SendTransactional',
  'Automation',
];

export interface Grant {
  readonly appId: string;
  readonly scopes: readonly string[];
}

export interface TokenAnswer {
  readonly access_token: string;
  readonly expires_in: number;
  readonly refresh_token: string;
}

interface AccessToken extends Grant {
  expiresAt: number;
  revoked: boolean;
}

interface Code extends Grant {
  readonly redirectUri: string;
}

export class Tokens {
  readonly #codes = new Map<string, Code>();
  readonly #access = new Map<string, AccessToken>();
  readonly #refresh = new Map<string, Grant>();

  issueCode(grant: Grant, redirectUri: string): string {
    const code = randomHex();
    this.#codes.set(code, { ...grant, redirectUri });
    return code;
  }

  /** Even a failed attempt uses the code up. @returns null if it is unknown, used or for another app or address */
  exchangeCode(code: string, appId: string, redirectUri: string): TokenAnswer | null {
    const known = this.#codes.get(code);
    this.#codes.delete(code);
    if (known === undefined || known.appId !== appId || known.redirectUri !== redirectUri) return null;
    return this.issue(known);
  }

  /** Invalidates the old refresh token. The vendor's behavior is unknown; keeping the newest is always right. */
  refresh(refreshToken: string): TokenAnswer | null {
    const grant = this.#refresh.get(refreshToken);
    this.#refresh.delete(refreshToken);
    return grant === undefined ? null : this.issue(grant);
  }

  issue({ appId, scopes }: Grant): TokenAnswer {
    const answer = {
      access_token: randomToken(),
      expires_in: tokenLifetimeSeconds,
      refresh_token: randomToken(),
    };
    const expiresAt = Date.now() + tokenLifetimeSeconds * 1000;
    this.#access.set(answer.access_token, { appId, scopes, expiresAt, revoked: false });
    this.#refresh.set(answer.refresh_token, { appId, scopes });
    return answer;
  }

  check(accessToken: string): Grant | 'invalid' | 'expired' | 'revoked' {
    const token = this.#access.get(accessToken);
    if (token === undefined) return 'invalid';
    if (token.revoked) return 'revoked';
    return token.expiresAt <= Date.now() ? 'expired' : token;
  }

  expireAll(): number {
    for (const token of this.#access.values()) token.expiresAt = 0;
    return this.#access.size;
  }

  revokeAll(): number {
    for (const token of this.#access.values()) token.revoked = true;
    this.#refresh.clear();
    return this.#access.size;
  }
}
