import type { TunnelStatus } from '../../protocol/status.ts';
import { asSentences, tunnelText } from '../../protocol/tunnel-words.ts';
import { sayIn } from './localiser.ts';
import type { Localiser } from './localiser.ts';

/** Translates the tunnel's `reason`; in English if the relay sent unknown codes. */
export function tunnelInWords(tunnel: TunnelStatus, l10n: Localiser): TunnelStatus {
  const texts = tunnel.said.map((words) => tunnelText(words, sayIn(l10n)));
  const known = texts.filter((text) => text !== undefined);
  return known.length < texts.length ? tunnel : { ...tunnel, reason: asSentences(known) };
}
