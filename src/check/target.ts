import { maskOfCredentials, type SecretMask } from '../common/masking.ts';
import { secretsIn } from '../protocol/credential-headers.ts';

export interface Target {
  readonly url: URL;
  /** May contain credentials, so never in a report. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly signatureKey: string | undefined;
  /** In milliseconds. */
  readonly timeoutMs: number;
  readonly insecureTls: boolean;
  /** Masks every secret of a run in everything that is received, so no condition sees one and no text contains one. */
  readonly mask: SecretMask;
}

export interface NamedTarget {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Default: 10 s. */
  readonly timeoutMs?: number | undefined;
  readonly insecureTls?: boolean | undefined;
}

export interface RunSecrets {
  readonly credentials?: Readonly<Record<string, string>>;
  readonly signatureKey?: string | undefined;
  readonly further?: readonly string[];
}

export function targetTo(
  { url, headers, timeoutMs = 10_000, insecureTls = false }: NamedTarget,
  { credentials = {}, signatureKey, further = [] }: RunSecrets = {},
): Target {
  const to = new URL(url);
  const mask = maskOfCredentials(
    [...Object.values(credentials), ...further],
    [signatureKey ?? [], secretsIn(to)].flat(),
  );
  return {
    url: to,
    headers: Object.entries({ ...headers, ...credentials }),
    signatureKey,
    timeoutMs,
    insecureTls,
    mask,
  };
}
