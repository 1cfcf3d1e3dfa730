/**
 * The one sandbox that all who use a storage share, windows and `npm run vscode` alike: it is noted in a file there,
 * found again through it, and outlives whoever started it. It ends some time after its last request, or on stop.
 */
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SandboxCredentials } from '../../sandbox/credentials.ts';
import { startNodeProcess } from '../session/node-process.ts';
import { unlessAborted } from '../session/shared-start.ts';
import { ask, isSandbox } from './sandbox-check.ts';

/** Where a running sandbox is, and what opens it. */
export interface RunningSandbox {
  readonly campaignMonitorApi: string;
  readonly campaignMonitorOAuth: string;
  readonly openConnectorsApi: string;
  readonly control: string;
  readonly credentials: SandboxCredentials;
}

/** Where it is noted, and what is started where none runs. */
export interface SandboxPlace {
  /** The extension's global storage. */
  readonly storage: string;
  /** The bundle of cm-relay. */
  readonly bundle: string;
  /** The extension's version. */
  readonly version: string;
}

/** Without a request for so long the process ends, in seconds. */
const keepAliveSeconds = 900;
/** How often who uses it is to look for it, which keeps it alive, in milliseconds. */
export const lookEveryMs = 60_000;

/** The name of the file, in the storage, that says where the sandbox is. */
export const sandboxFile = 'sandbox.json';

/** What the storage notes, without a look whether it runs. */
export async function notedSandbox(storage: string): Promise<RunningSandbox | undefined> {
  try {
    const said: unknown = JSON.parse(await readFile(join(storage, sandboxFile), 'utf8'));
    return isRunningSandbox(said) ? said : undefined;
  } catch {
    // Never written, or half: no sandbox that could be found.
    return undefined;
  }
}

/** The sandbox that the storage notes, where it runs. */
export async function findSandbox(storage: string): Promise<RunningSandbox | undefined> {
  const noted = await notedSandbox(storage);
  return noted !== undefined && (await isSandbox(noted.control)) ? noted : undefined;
}

/**
 * Finds the sandbox that runs, or starts one with random credentials.
 * @throws Error where it cannot be started, or is given up
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

/** Ends a sandbox, whoever started it, and forgets where it was. */
export async function stopSandbox(storage: string, { control }: RunningSandbox): Promise<void> {
  await ask('POST', `${control}/stop`);
  await rm(join(storage, sandboxFile), { force: true });
}

/** Writes where the sandbox is. Where somebody else was first, that one's sandbox is used and ours ended. */
async function publish(storage: string, started: RunningSandbox): Promise<RunningSandbox> {
  const file = join(storage, sandboxFile);
  const temporary = `${file}.${randomUUID()}`;
  await writeFile(temporary, JSON.stringify(started), { flag: 'wx', mode: 0o600 });
  try {
    // Unlike a rename, a link does not take the place of what is there.
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

/** Whether a file says where a sandbox is: another version may have written it, or a person. */
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
