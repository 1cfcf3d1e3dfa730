/**
 * Whether a sandbox that was started earlier is still running: its port may now belong to another program, even of
 * another user.
 */
import { request } from 'node:http';
import { readText } from '../../common/bounded-body.ts';
import { isProof, newNonce, proofOf } from '../../common/proof.ts';

const answerTimeoutMs = 10_000;
/** In bytes; the sandbox sends a few thousand. */
const longestAnswer = 1_000_000;

/**
 * Whether the server is the sandbox with these controls. Sends no secret: both sides prove that they know the controls'
 * key.
 * @param control the base of the controls, `http://127.0.0.1:<port>/sandbox/<key>`
 */
export async function isSandbox(control: string): Promise<boolean> {
  const { origin, port: given, pathname } = new URL(control);
  const key = /^\/sandbox\/([^/]+)$/.exec(pathname)?.[1];
  // Without a key, its credentials are public, so any server may get them.
  if (key === undefined) return false;
  const port = Number(given || 80);
  const nonce = newNonce();
  const proof = proofOf(key, { prover: 'window', port, nonce });
  const answer = await ask('GET', `${origin}/proof?nonce=${nonce}&proof=${proof}`);
  try {
    const { proof: given } = JSON.parse(answer ?? '') as { proof?: unknown };
    return isProof(given, key, { prover: 'sandbox', port, nonce });
  } catch {
    // Not the sandbox's JSON, or no response.
    return false;
  }
}

/**
 * Uses node:http because VS Code sends `fetch` through the user's proxy. @returns the response's body; undefined
 * without one
 */
export function ask(method: string, url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(answerTimeoutMs);
    const asked = request(url, { method, signal, agent: false }, (answer) => {
      readText(answer, longestAnswer).then(resolve, () => resolve(undefined));
    });
    asked.once('error', () => resolve(undefined));
    asked.end();
  });
}
