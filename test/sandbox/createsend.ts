/** The client for Node that people write handlers with, createsend-node, as it comes, on the sandbox. */
import { createRequire } from 'node:module';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

/** Calls of one part of the client; each ends with a callback. */
type Part = Readonly<Record<string, unknown>>;

export interface CreateSend extends Part {
  readonly account: Part;
  readonly clients: Part;
  readonly lists: Part;
  readonly subscribers: Part;
}

type Constructor = (
  auth: { apiKey: string } | { accessToken: string },
  options: { secure: boolean; baseUri: string },
) => CreateSend;

/** A client of the sandbox: its own options `baseUri` and `secure` say where the API is. */
export function createSend(
  { port, credentials }: Sandbox,
  auth: { apiKey: string } | { accessToken: string } = { apiKey: credentials.campaignMonitor.apiKey },
): CreateSend {
  // It brings no types, and is no module of the kind that `import` reads names from.
  const constructor = createRequire(import.meta.url)('createsend-node') as Constructor;
  return constructor(auth, { secure: false, baseUri: `127.0.0.1:${port}` });
}

/** What the API answered with an error, as the client hands it on. */
export class Refused extends Error {
  readonly answer: unknown;
  constructor(answer: unknown) {
    super(JSON.stringify(answer));
    this.answer = answer;
  }
}

/**
 * Makes a call of the client.
 * @returns what it hands to the callback
 * @throws Refused
 */
export function ask(part: Part, name: string, ...args: readonly unknown[]): Promise<unknown> {
  const call = part[name];
  if (typeof call !== 'function') throw new TypeError(`createsend-node has no call ${name}`);
  return new Promise((resolve, reject) => {
    call.call(part, ...args, (error: unknown, result: unknown) => {
      if (error === null || error === undefined) resolve(result);
      else reject(error instanceof Error ? error : new Refused(error));
    });
  });
}

/** The code and message with which a call is refused. @throws Error where it is not */
export async function refusal(part: Part, name: string, ...args: readonly unknown[]): Promise<unknown> {
  try {
    await ask(part, name, ...args);
  } catch (error) {
    if (error instanceof Refused) return error.answer;
    throw error;
  }
  throw new Error(`${name} was not refused`);
}
