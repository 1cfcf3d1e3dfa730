/** Facts about an event's delivery that filters ask for, as bits of the event's column `flags`. */
import type { SignatureCheck } from '../../protocol/history.ts';
import type { DeliveryFacts } from './records.ts';

export const flagBits = { platform: 1, onPurpose: 2 } as const;

export const signatureBits: Readonly<Record<SignatureCheck, number>> = {
  valid: 4,
  invalid: 8,
  missing: 16,
  unchecked: 32,
  fetched: 64,
};

export function flagsOf({ source, onPurpose, signature }: DeliveryFacts): number {
  return (
    (source === 'open-connectors' ? flagBits.platform : 0) |
    (onPurpose ? flagBits.onPurpose : 0) |
    (signature === null ? 0 : signatureBits[signature])
  );
}
