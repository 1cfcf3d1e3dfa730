/**
 * How two programs on one machine prove to each other that they know the same key, without sending it: on loopback any
 * user may listen at a port that was another's.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a proof is about. Each gives another proof, so that none serves for another. */
export interface ProofQuestion {
  /** Who proves it, such as `window`. */
  readonly prover: string;
  /** The port that is asked: an answer at one is none at another. */
  readonly port: number;
  /** Of whoever asks, as {@link newNonce} makes it. */
  readonly nonce: string;
}

/** 32 random bytes as hex digits: for one question. */
export function newNonce(): string {
  return randomBytes(32).toString('hex');
}

/** Proves the knowledge of a key, which must hold at least 128 random bits: HMAC-SHA256, as hex digits. */
export function proofOf(key: string, { prover, port, nonce }: ProofQuestion): string {
  return createHmac('sha256', key).update(`${prover} ${port} ${nonce}`).digest('hex');
}

/** Whether this proves the knowledge of the key, in a time that says nothing of either. */
export function isProof(given: unknown, key: string, question: ProofQuestion): boolean {
  if (typeof given !== 'string' || !/^[0-9a-f]{64}$/.test(given)) return false;
  return timingSafeEqual(Buffer.from(given, 'hex'), Buffer.from(proofOf(key, question), 'hex'));
}
