/** How the tunnel is, in the user's language: the relay tells it by codes (protocol/tunnel-words.ts). */
import type { TunnelStatus } from '../../protocol/status.ts';
import { asSentences, tunnelText } from '../../protocol/tunnel-words.ts';
import { sayIn } from './localiser.ts';
import type { Localiser } from './localiser.ts';

/** The same tunnel, whose `reason` is in the user's language; in English where the relay told codes not known here. */
export function tunnelInWords(tunnel: TunnelStatus, l10n: Localiser): TunnelStatus {
  const texts = tunnel.said.map((words) => tunnelText(words, sayIn(l10n)));
  const known = texts.filter((text) => text !== undefined);
  return known.length < texts.length ? tunnel : { ...tunnel, reason: asSentences(known) };
}
