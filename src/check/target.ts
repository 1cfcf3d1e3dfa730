/** Where checks and scenarios send to. */

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
}
