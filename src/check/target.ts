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

/** What is said of a callback without its secrets: a destination of the settings, or that of a file. */
export interface NamedTarget {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** In milliseconds; 10 s where it is not said. */
  readonly timeoutMs?: number | undefined;
  readonly insecureTls?: boolean | undefined;
}

/** What is sent along, and what is sent elsewhere in the same run. */
export interface RunSecrets {
  /** Headers by their names. */
  readonly credentials?: Readonly<Record<string, string>>;
  readonly signatureKey?: string | undefined;
  /** Values of headers of probes: they are masked as the callback's own are. */
  readonly further?: readonly string[];
}

/** How to send to a callback. */
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
