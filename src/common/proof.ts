/**
 * How two programs on one machine prove to each other that they know the same key, without sending it: on loopback,
 * another user may listen at a port that was ours.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a proof is bound to, so that it cannot be used for anything else. */
export interface ProofQuestion {
  /** The program that proves it, such as `window`. */
  readonly prover: string;
  readonly port: number;
  /** By {@link newNonce}, of the program that asks. */
  readonly nonce: string;
}

/** 32 random bytes as hex digits: for one question. */
export function newNonce(): string {
  return randomBytes(32).toString('hex');
}

/** HMAC-SHA256 as hex digits. @param key at least 128 random bits */
export function proofOf(key: string, { prover, port, nonce }: ProofQuestion): string {
  return createHmac('sha256', key).update(`${prover} ${port} ${nonce}`).digest('hex');
}

/** Compares in constant time. */
export function isProof(given: unknown, key: string, question: ProofQuestion): boolean {
  if (typeof given !== 'string' || !/^[0-9a-f]{64}$/.test(given)) return false;
  return timingSafeEqual(Buffer.from(given, 'hex'), Buffer.from(proofOf(key, question), 'hex'));
}
