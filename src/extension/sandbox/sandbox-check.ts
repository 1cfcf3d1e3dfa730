import { request } from 'node:http';
import { readText } from '../../common/bounded-body.ts';

const answerTimeoutMs = 10_000;
/** In bytes; the sandbox sends a few thousand. */
const longestAnswer = 1_000_000;

/**
 * Whether the sandbox with these controls runs: another program may have its port by now.
 * @param control the base of the controls, `http://127.0.0.1:<port>/sandbox/<key>`
 */
export async function isSandbox(control: string): Promise<boolean> {
  const answer = await ask('GET', control);
  try {
    const { controls } = JSON.parse(answer ?? '') as { controls?: unknown };
    return controls !== undefined;
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
