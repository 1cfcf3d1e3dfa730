import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../common/parse-json.ts';
import { stageFile } from '../common/staged-file.ts';
import { stateFolder } from '../protocol/known-directories.ts';
import { isAlive, waitForEnd } from './background.ts';
import { CommandError, frozenAdvice } from './errors.ts';
import { commandProcess } from './terminal/command-process.ts';

const recordSchema = z.object({
  port: z.int(),
  pid: z.int(),
  /** The base URL of the controls; with random credentials it contains the key. */
  control: z.url(),
  randomCredentials: z.boolean(),
  json: z.array(z.string()),
  text: z.array(z.string()),
});
export type SandboxRecord = z.infer<typeof recordSchema>;

/** In milliseconds. */
const answerTimeout = 5000;
const endTimeout = 10_000;

function folder(): string {
  return join(stateFolder(process.platform, commandProcess().env), 'cm-relay-sandboxes');
}

const fileOf = (port: number): string => join(folder(), `${port}.json`);

export function recordSandbox(sandbox: SandboxRecord): void {
  mkdirSync(folder(), { recursive: true, mode: 0o700 });
  stageFile(fileOf(sandbox.port), JSON.stringify(sandbox)).put();
}

export function forgetSandbox(port: number): void {
  rmSync(fileOf(port), { force: true });
}

/**
 * Removes the records of others. @throws CommandError if one does not answer: it may be running, so it stays recorded
 */
export async function runningSandboxes(port: number): Promise<readonly SandboxRecord[]> {
  const running: SandboxRecord[] = [];
  for (const kept of recordedSandboxes()) {
    if (port !== 0 && kept.port !== port) continue;
    const state = await stateOf(kept);
    if (state === 'running') running.push(kept);
    else if (state === 'gone') forgetSandbox(kept.port);
    else throw new CommandError(`${nameOf(kept)} does not answer`, frozenAdvice(kept.pid));
  }
  return running;
}

const readySchema = z.looseObject({
  campaignMonitorApi: z.url(),
  credentials: z.looseObject({ campaignMonitor: z.looseObject({ apiKey: z.string() }) }),
});

export async function sandboxVendors(): Promise<readonly { readonly host: string; readonly apiKey: string }[]> {
  return (await runningSandboxes(0)).flatMap(({ json }) => {
    const ready = readySchema.safeParse(parseJson(json[0] ?? '')).data;
    return ready === undefined
      ? []
      : [{ host: ready.campaignMonitorApi, apiKey: ready.credentials.campaignMonitor.apiKey }];
  });
}

export async function endSandbox(kept: SandboxRecord): Promise<void> {
  try {
    await fetch(`${kept.control}/stop`, { method: 'POST', signal: AbortSignal.timeout(answerTimeout) });
  } catch {
    // What counts is whether the process ends.
  }
  await waitForEnd(nameOf(kept), kept.pid, endTimeout);
  forgetSandbox(kept.port);
}

const nameOf = ({ port, pid }: SandboxRecord): string => `the sandbox on port ${port} (process ${pid})`;

const answerSchema = z.looseObject({ controls: z.looseObject({}) });

function recordedSandboxes(): SandboxRecord[] {
  let names: string[];
  try {
    names = readdirSync(folder()).filter((name) => /^\d+\.json$/.test(name));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const kept = recordSchema.safeParse(parseJson(readFileSync(join(folder(), name), 'utf8')));
    return kept.success ? [kept.data] : [];
  });
}

/** Another program may use the port by now. `silent`: no answer in time. */
async function stateOf({ control, pid }: SandboxRecord): Promise<'running' | 'gone' | 'silent'> {
  if (!isAlive(pid)) return 'gone';
  let text: string;
  try {
    text = await (await fetch(control, { signal: AbortSignal.timeout(answerTimeout) })).text();
  } catch (error) {
    const { cause } = error as { cause?: NodeJS.ErrnoException };
    return cause?.code === 'ECONNREFUSED' ? 'gone' : 'silent';
  }
  return answerSchema.safeParse(parseJson(text)).success ? 'running' : 'gone';
}
