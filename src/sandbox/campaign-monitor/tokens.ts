/** OAuth codes and tokens: given out, exchanged, checked, and spoilt on demand. */
import { randomHex, randomToken } from '../random-texts.ts';

/** Fourteen days [vendor]. */
const tokenLifetimeSeconds = 1_209_600;

/** The scopes that the vendor names [vendor]. */
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

/** What a person granted to an app. */
export interface Grant {
  readonly appId: string;
  readonly scopes: readonly string[];
}

/** The answer of the token endpoint. */
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

/** The codes and tokens that the sandbox has given out. */
export class Tokens {
  readonly #codes = new Map<string, Code>();
  readonly #access = new Map<string, AccessToken>();
  readonly #refresh = new Map<string, Grant>();

  /** A code for what was granted. */
  issueCode(grant: Grant, redirectUri: string): string {
    const code = randomHex();
    this.#codes.set(code, { ...grant, redirectUri });
    return code;
  }

  /**
   * Exchanges a code. It is used up by the attempt, whatever comes of it.
   * @returns null where the code is unknown, used, another app's, or was sent to another address
   */
  exchangeCode(code: string, appId: string, redirectUri: string): TokenAnswer | null {
    const known = this.#codes.get(code);
    this.#codes.delete(code);
    if (known === undefined || known.appId !== appId || known.redirectUri !== redirectUri) return null;
    return this.issue(known);
  }

  /**
   * Gives fresh tokens for a refresh token, which ends with it: whether the vendor's does is unknown, and a client
   * that keeps the newest is right in both cases.
   */
  refresh(refreshToken: string): TokenAnswer | null {
    const grant = this.#refresh.get(refreshToken);
    this.#refresh.delete(refreshToken);
    return grant === undefined ? null : this.issue(grant);
  }

  /** A pair of tokens for what was granted. */
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

  /** What an access token is good for. */
  check(accessToken: string): Grant | 'invalid' | 'expired' | 'revoked' {
    const token = this.#access.get(accessToken);
    if (token === undefined) return 'invalid';
    if (token.revoked) return 'revoked';
    return token.expiresAt <= Date.now() ? 'expired' : token;
  }

  /** Lets every access token expire now. @returns how many there are */
  expireAll(): number {
    for (const token of this.#access.values()) token.expiresAt = 0;
    return this.#access.size;
  }

  /** Revokes every access token and forgets every refresh token. @returns how many access tokens there are */
  revokeAll(): number {
    for (const token of this.#access.values()) token.revoked = true;
    this.#refresh.clear();
    return this.#access.size;
  }
}
