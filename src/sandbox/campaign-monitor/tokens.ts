/** OAuth codes and tokens: given out, exchanged, checked, and spoilt on demand. */
import { BySecret } from '../secrets.ts';
import type { Secrets } from '../secrets.ts';

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

/** Codes kept that nobody has used; the oldest make room. */
const maxCodes = 1000;
/** How long a code is good, in milliseconds: the vendor's time is unknown, and RFC 6749 allows ten minutes. */
const codeLifetimeMs = 10 * 60_000;
/** Tokens kept of each kind; the oldest make room. */
const maxTokens = 10_000;

/** The codes and tokens that the sandbox has given out. */
export class Tokens {
  readonly #secrets: Secrets;
  readonly #codes: BySecret<Code>;
  readonly #access = new BySecret<AccessToken>(maxTokens);
  readonly #refresh = new BySecret<Grant>(maxTokens);

  /** @param now the clock by which codes get too old, in milliseconds */
  constructor(secrets: Secrets, now: () => number = Date.now) {
    this.#secrets = secrets;
    this.#codes = new BySecret(maxCodes, codeLifetimeMs, now);
  }

  /** A code for what was granted. */
  issueCode(grant: Grant, redirectUri: string): string {
    const code = this.#secrets.hex();
    this.#codes.set(code, { ...grant, redirectUri });
    return code;
  }

  /**
   * Exchanges a code. It is used up by the attempt, whatever comes of it.
   * @returns null where the code is unknown, used, too old, another app's, or was sent to another address
   */
  exchangeCode(code: string, appId: string, redirectUri: string): TokenAnswer | null {
    const known = this.#codes.take(code);
    if (known === undefined || known.appId !== appId || known.redirectUri !== redirectUri) return null;
    return this.issue(known);
  }

  /**
   * Gives fresh tokens for a refresh token, which ends with it: whether the vendor's does is unknown, and a client
   * that keeps the newest is right in both cases.
   */
  refresh(refreshToken: string): TokenAnswer | null {
    const grant = this.#refresh.take(refreshToken);
    return grant === undefined ? null : this.issue(grant);
  }

  /** Whether a refresh token can be used. */
  knowsRefreshToken(refreshToken: string): boolean {
    return this.#refresh.get(refreshToken) !== undefined;
  }

  /** A pair of tokens for what was granted. */
  issue({ appId, scopes }: Grant): TokenAnswer {
    const answer = {
      access_token: this.#secrets.token(),
      expires_in: tokenLifetimeSeconds,
      refresh_token: this.#secrets.token(),
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
