/**
 * The one sandbox of a storage, for windows and `npm run vscode` alike: a file there says where it is, and it outlives
 * the process that started it. It ends some time after its last request, or when stopped.
 */
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SandboxCredentials } from '../../sandbox/credentials.ts';
import { startNodeProcess } from '../session/node-process.ts';
import { unlessAborted } from '../session/shared-start.ts';
import { ask, isSandbox } from './sandbox-check.ts';

export interface RunningSandbox {
  readonly campaignMonitorApi: string;
  readonly campaignMonitorOAuth: string;
  readonly openConnectorsApi: string;
  readonly control: string;
  readonly credentials: SandboxCredentials;
}

export interface SandboxPlace {
  readonly storage: string;
  readonly bundle: string;
  readonly version: string;
}

/** The process ends after this time without a request. */
const keepAliveSeconds = 900;
/** Interval of the requests that keep it alive while it is in use, in milliseconds. */
export const lookEveryMs = 60_000;

export const sandboxFile = 'sandbox.json';

/** It may have ended. */
export async function notedSandbox(storage: string): Promise<RunningSandbox | undefined> {
  try {
    const said: unknown = JSON.parse(await readFile(join(storage, sandboxFile), 'utf8'));
    return isRunningSandbox(said) ? said : undefined;
  } catch {
    // Missing or incomplete: no sandbox.
    return undefined;
  }
}

export async function findSandbox(storage: string): Promise<RunningSandbox | undefined> {
  const noted = await notedSandbox(storage);
  return noted !== undefined && (await isSandbox(noted.control)) ? noted : undefined;
}

/**
 * Finds the running sandbox, or starts one with random credentials.
 * @throws Error if it can't be started, or is cancelled
 */
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

/** Records a sandbox. If another process was first, uses its sandbox and ends ours. */
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

/** The file may be from another version, or edited. */
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
