/** Where checks and scenarios send to. */
import { maskOfCredentials } from '../common/credential-parts.ts';
import type { SecretMask } from '../common/masking.ts';
import { secretsIn } from '../protocol/credential-headers.ts';

/** A callback, and all that it takes to send to it. */
export interface Target {
  readonly url: URL;
  /** Further headers, those with credentials included: never in a report. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Signs what is sent; undefined where nothing is signed. */
  readonly signatureKey: string | undefined;
  /** How long to wait for an answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether a self-signed certificate is accepted. */
  readonly insecureTls: boolean;
  /**
   * Masks every secret of a run, of probes too, in whatever comes in: so no condition sees one, and nothing that is said
   * of an answer can hold one.
   */
  readonly mask: SecretMask;
}

/**
 * What masks the secrets of a run: the key, what the callback's URL holds, and credentials.
 * @param credentials values of headers, of probes too
 */
export function maskOfRun(
  { url, signatureKey }: Pick<Target, 'url' | 'signatureKey'>,
  credentials: readonly string[],
): SecretMask {
  return maskOfCredentials(credentials, [signatureKey ?? [], secretsIn(url)].flat());
}
