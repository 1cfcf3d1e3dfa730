import type { TunnelStatus } from '../../protocol/status.ts';
import { asSentences, tunnelText } from '../../protocol/tunnel-words.ts';

/** Translates the tunnel's `reason`; in English if the relay sent unknown codes. */
export function tunnelInWords(tunnel: TunnelStatus): TunnelStatus {
  const texts = tunnel.said.map((words) => tunnelText(words));
  const known = texts.filter((text) => text !== undefined);
  return known.length < texts.length ? tunnel : { ...tunnel, reason: asSentences(known) };
}
