/** Loaded with the client. */
import { maskedValue } from '../../common/masking.ts';
import { maskSecrets } from '../../export/item.ts';
import { isCredentialHeader } from '../../protocol/credential-headers.ts';
import type { Headers } from '../../protocol/history.ts';

/** The relay masks credentials in headers; secrets in URLs are masked here. */
export function maskHeaders(headers: Headers): Headers {
  return headers.map(([name, value]) => [name, isCredentialHeader(name) ? maskedValue : maskSecrets(value)]);
}
