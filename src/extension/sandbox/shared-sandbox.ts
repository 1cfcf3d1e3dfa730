/** Windows and `npm run vscode` find a storage's sandbox by a file; it outlives the process that started it. */
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { startNodeProcess } from '../session/node-process.ts';
import { unlessAborted } from '../session/shared-start.ts';
import { request } from 'node:http';
import { readText } from '../../common/bounded-body.ts';

export type RunningSandbox = Omit<Sandbox, 'port' | 'lists' | 'close'>;

export interface SandboxPlace {
  readonly storage: string;
  readonly bundle: string;
  readonly version: string;
}

const keepAliveSeconds = 900;
/** Milliseconds between the requests that keep the sandbox alive. */
export const lookEveryMs = 60_000;

export const sandboxFile = 'sandbox.json';

export async function notedSandbox(storage: string): Promise<RunningSandbox | undefined> {
  try {
    const said: unknown = JSON.parse(await readFile(join(storage, sandboxFile), 'utf8'));
    return isRunningSandbox(said) ? said : undefined;
  } catch {
    return undefined;
  }
}

export async function findSandbox(storage: string): Promise<RunningSandbox | undefined> {
  const noted = await notedSandbox(storage);
  return noted !== undefined && (await isSandbox(noted.control)) ? noted : undefined;
}

/** @throws Error if the sandbox can't be started, or the start is canceled */
export async function findOrStartSandbox(place: SandboxPlace, signal?: AbortSignal): Promise<RunningSandbox> {
  const found = await unlessAborted(findSandbox(place.storage), signal);
  if (found !== undefined) return found;
  const line = await startNodeProcess({
    name: 'sandbox',
    ...place,
    args: ['sandbox', '--json', '--random-credentials', '--keep-alive', String(keepAliveSeconds)],
    signal,
  });
  return publish(place.storage, JSON.parse(line) as RunningSandbox);
}

export async function stopSandbox(storage: string, { control }: RunningSandbox): Promise<void> {
  await ask('POST', `${control}/stop`);
  await rm(join(storage, sandboxFile), { force: true });
}

/** If another process was first, uses its sandbox and ends this one. */
async function publish(storage: string, started: RunningSandbox): Promise<RunningSandbox> {
  const file = join(storage, sandboxFile);
  const temporary = `${file}.${randomUUID()}`;
  await writeFile(temporary, JSON.stringify(started), { flag: 'wx', mode: 0o600 });
  try {
    // Unlike a rename, a link doesn't replace an existing file.
    await link(temporary, file);
    await rm(temporary);
  } catch {
    const other = await findSandbox(storage);
    if (other !== undefined) {
      await Promise.all([rm(temporary), ask('POST', `${started.control}/stop`)]);
      return other;
    }
    await rename(temporary, file);
  }
  return started;
}

function isRunningSandbox(value: unknown): value is RunningSandbox {
  if (!hasTexts(value, ['campaignMonitorApi', 'campaignMonitorOAuth', 'openConnectorsApi', 'control'])) return false;
  const { control, credentials } = value as { control: string; credentials?: Record<string, unknown> | null };
  return (
    URL.canParse(control) &&
    new URL(control).protocol === 'http:' &&
    hasTexts(credentials?.['campaignMonitor'], ['apiKey', 'oauthClientId', 'oauthClientSecret']) &&
    hasTexts(credentials?.['openConnectors'], ['userSecret', 'organizationSecret'])
  );
}

function hasTexts(value: unknown, names: readonly string[]): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => typeof (value as Record<string, unknown>)[name] === 'string')
  );
}

export function sandboxFacts(running: RunningSandbox): string {
  const { campaignMonitor, openConnectors } = running.credentials;
  return [
    `export CAMPAIGN_MONITOR_API=${running.campaignMonitorApi}`,
    `export API_KEY=${campaignMonitor.apiKey}`,
    `# OAuth: ${running.campaignMonitorOAuth}`,
    `# OAuth client ID: ${campaignMonitor.oauthClientId}`,
    `# OAuth client secret: ${campaignMonitor.oauthClientSecret}`,
    `# Open Connectors API: ${running.openConnectorsApi}`,
    `# User secret: ${openConnectors.userSecret}`,
    `# Organization secret: ${openConnectors.organizationSecret}`,
    `# Controls: ${running.control}`,
    '',
  ].join('\n');
}

const answerTimeoutMs = 10_000;
/** In bytes; the sandbox sends a few thousand. */
const longestAnswer = 1_000_000;

/** Another program may have the sandbox's port. @param control `http://127.0.0.1:<port>/sandbox/<key>` */
export async function isSandbox(control: string): Promise<boolean> {
  const answer = await ask('GET', control);
  try {
    const { controls } = JSON.parse(answer ?? '') as { controls?: unknown };
    return controls !== undefined;
  } catch {
    return false;
  }
}

/** Uses node:http because VS Code sends `fetch` through the user's proxy. Resolves to undefined without a response. */
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
