/** The sandboxes that run in the background: where each is, so that it is found again and can be ended. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../common/parse-json.ts';
import { isProof, newNonce, proofOf } from '../common/proof.ts';
import { stageFile } from '../common/staged-file.ts';
import { stateFolder } from '../protocol/known-directories.ts';

const keptSchema = z.object({
  port: z.int(),
  pid: z.int(),
  /** The base of its controls; with credentials of its own the key is in it. */
  control: z.url(),
  randomCredentials: z.boolean(),
  /** What it said when it was ready, for programs and for people. */
  json: z.array(z.string()),
  text: z.array(z.string()),
});
export type KeptSandbox = z.infer<typeof keptSchema>;

/** How long one may take to answer, in milliseconds. */
const answerTimeout = 5000;

/** In the user's state folder: each by its port. */
function folder(): string {
  return join(stateFolder(process.platform, process.env), 'cm-relay-sandboxes');
}

const fileOf = (port: number): string => join(folder(), `${port}.json`);

/** Keeps where one is. @throws the system's error where that cannot be written */
export function keepSandbox(sandbox: KeptSandbox): void {
  mkdirSync(folder(), { recursive: true, mode: 0o700 });
  stageFile(fileOf(sandbox.port), JSON.stringify(sandbox)).put();
}

/** It has ended. */
export function forgetSandbox(port: number): void {
  rmSync(fileOf(port), { force: true });
}

/**
 * Those that run; of those that do not, what was kept is removed.
 * @param port 0 for any
 */
export async function runningSandboxes(port: number): Promise<readonly KeptSandbox[]> {
  const running: KeptSandbox[] = [];
  for (const kept of keptSandboxes()) {
    if (port !== 0 && kept.port !== port) continue;
    if (await answers(kept)) running.push(kept);
    else forgetSandbox(kept.port);
  }
  return running;
}

/** Tells one to end. */
export async function stopSandbox({ control }: KeptSandbox): Promise<void> {
  await fetch(`${control}/stop`, { method: 'POST', signal: AbortSignal.timeout(answerTimeout) });
}

function keptSandboxes(): KeptSandbox[] {
  let names: string[];
  try {
    names = readdirSync(folder()).filter((name) => /^\d+\.json$/.test(name));
  } catch {
    // None was ever kept.
    return [];
  }
  return names.flatMap((name) => {
    const kept = keptSchema.safeParse(parseJson(readFileSync(join(folder(), name), 'utf8')));
    return kept.success ? [kept.data] : [];
  });
}

/**
 * Whether it is there. One with credentials of its own proves that it knows the key of its controls, which is sent to
 * nobody: its port may be another program's by now.
 */
async function answers({ control, port, randomCredentials }: KeptSandbox): Promise<boolean> {
  const key = control.slice(control.lastIndexOf('/') + 1);
  const nonce = newNonce();
  const proof = proofOf(key, { prover: 'window', port, nonce });
  const url = randomCredentials ? `http://127.0.0.1:${port}/proof?nonce=${nonce}&proof=${proof}` : control;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(answerTimeout) });
    const said = z
      .looseObject({ proof: z.string().optional(), controls: z.looseObject({}).optional() })
      .parse(await answer.json());
    return randomCredentials
      ? isProof(said.proof, key, { prover: 'sandbox', port, nonce })
      : said.controls !== undefined;
  } catch {
    return false;
  }
}
