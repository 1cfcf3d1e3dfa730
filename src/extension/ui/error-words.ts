/** The relay's errors are in English, for its log and the terminal; all others are already translated. */
import { translate } from '../../common/say.ts';
import type { UnsafeSocketFolderError } from '../../protocol/control-channel.ts';
import type { DataDirectoryError } from '../../protocol/data-directory.ts';
import { relayAdvice } from '../../protocol/advice.ts';
import type { NoRelayError, RelayRequestError } from '../../protocol/errors.ts';

/** Text from outside isn't made printable: see printable.ts. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function nextOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const named = error as RelayRequestError | NoRelayError | DataDirectoryError | UnsafeSocketFolderError;
  switch (named.name) {
    case 'RelayRequestError':
    case 'NoRelayError':
    case 'DataDirectoryError':
    case 'UnsafeSocketFolderError':
      return nextOfRelay(named);
    default: {
      named satisfies never;
      const { next } = error as { next?: unknown };
      return typeof next === 'string' ? next : undefined;
    }
  }
}

export function nextOfRelay(told: {
  readonly next?: string | null | undefined;
  readonly advice?: string | null | undefined;
}): string | undefined {
  const known: Readonly<Record<string, string | readonly string[]>> = relayAdvice;
  const [, own = told.next] = [known[told.advice ?? ''] ?? []].flat();
  return own == null ? undefined : translate(own);
}

export function withNext(error: unknown): string {
  const message = messageOf(error);
  const next = nextOf(error);
  return next === undefined ? message : `${message.replace(/\.$/, '')}. ${next}`;
}
