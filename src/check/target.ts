import { maskOfCredentials } from '../common/masking.ts';
import type { SecretMask } from '../common/masking.ts';
import { secretsIn } from '../protocol/credential-headers.ts';

export interface Target {
  readonly url: URL;
  /** Extra headers, including credentials: never in a report. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Signs notifications; undefined for none. */
  readonly signatureKey: string | undefined;
  /** How long to wait for an answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Accept any certificate, such as a self-signed one. */
  readonly insecureTls: boolean;
  /**
   * Masks every secret of a run, including those of probes, in everything that is received: so no condition sees one,
   * and no text about an answer contains one.
   */
  readonly mask: SecretMask;
}

/** A callback without its secrets, from the settings or a file. */
export interface NamedTarget {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Default: 10 s. */
  readonly timeoutMs?: number | undefined;
  readonly insecureTls?: boolean | undefined;
}

/** Secrets for the callback, and others of the same run. */
export interface RunSecrets {
  /** Values by header name. */
  readonly credentials?: Readonly<Record<string, string>>;
  readonly signatureKey?: string | undefined;
  /** Header values of probes, to be masked, too. */
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
