import type { OpenConnectorsError } from '../deferred.ts';
import { messageOf, nextOf } from '../ui/error-words.ts';
import { unlinked } from '../ui/printable.ts';

export function explainPlatformError(error: OpenConnectorsError): { readonly message: string; readonly next: string } {
  return { message: sentence(messageOf(error)), next: nextOf(error) ?? '' };
}

/** An error for the log: with the request ID, for Open Connectors' support. */
export function platformErrorForLog(error: OpenConnectorsError): string {
  const status = error.status === null ? '' : `, status ${error.status}`;
  const request = error.requestId === null ? '' : `, request ${error.requestId}`;
  return `${error.message} (${error.kind}${status}${request})`;
}

/** Makes a sentence of a message from outside, without links in VS Code. */
function sentence(text: string): string {
  const plain = unlinked(text).trim();
  return /[.!?]$/.test(plain) ? plain : `${plain}.`;
}
