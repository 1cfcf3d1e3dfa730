/** Applies what corrects assumptions: to the relay of the data directory, and to sandboxes in the background. */
import type { Settings } from '../../protocol/settings.ts';
import { connectIfRunning } from '../connection.ts';
import { CommandError } from '../errors.ts';
import type { CommonOptions } from '../flags.ts';
import { runningSandboxes } from '../sandbox-registry.ts';
import type { Judged } from './assumptions.ts';
import type { Correction } from './verdict.ts';

/** What came of it, a sentence each. */
export type Applied = readonly string[];

/** How long a sandbox may take to answer, in milliseconds. */
const answerTimeoutMs = 5000;

/**
 * Applies the corrections of all that were judged.
 * @throws CommandError where a sandbox refuses one; what the relay says of a setting
 */
export async function applyCorrections(options: CommonOptions, judged: readonly Judged[]): Promise<Applied> {
  const all = judged.filter(({ state }) => state !== 'open').flatMap(({ corrections }) => corrections);
  if (all.length === 0) return ['No setting needs to change.'];
  return [...(await applyToRelay(options, all)), ...(await applyToSandboxes(all))];
}

async function applyToRelay(options: CommonOptions, all: readonly Correction[]): Promise<Applied> {
  const changes = all.filter((each) => each.of === 'relay').map(({ change }) => change);
  if (changes.length === 0) return [];
  const client = await connectIfRunning(options);
  if (client === undefined)
    return ["No relay is running: add the settings to your --config file, or to VS Code's settings."];
  try {
    const { settings } = await client.request('relay/status', {});
    await client.request('relay/configure', { settings: settingsOf(settings, changes) });
    return [
      "The running relay uses the settings until it stops. To keep them, add them to your --config file, or to VS Code's settings.",
    ];
  } finally {
    client.close();
  }
}

/** Several changes of a mapping are one. */
function settingsOf(
  { mapping }: Pick<Settings, 'mapping'>,
  changes: readonly Extract<Correction, { of: 'relay' }>['change'][],
): Partial<Settings> {
  const { mapping: changed, ...others } = Object.assign({}, ...changes) as (typeof changes)[number];
  const mappings = changes.map((each) => each.mapping);
  return {
    ...others,
    ...(changed !== undefined && { mapping: Object.assign({}, mapping, ...mappings) as Settings['mapping'] }),
  };
}

async function applyToSandboxes(all: readonly Correction[]): Promise<Applied> {
  const changes = all.filter((each) => each.of === 'sandbox');
  if (changes.length === 0) return [];
  const running = await runningSandboxes(0);
  for (const { control, port } of running) {
    for (const { path, change } of changes) {
      const { ok, status } = await fetch(control + path, {
        method: 'PATCH',
        body: JSON.stringify(change),
        signal: AbortSignal.timeout(answerTimeoutMs),
      });
      if (!ok) throw new CommandError(`the sandbox on port ${port} answered ${status} to its new settings`);
    }
  }
  return running.length === 0
    ? ['No sandbox is running in the background: set the rest with its controls (docs/sandbox.md).']
    : [`The sandbox on port ${running.map(({ port }) => port).join(', ')} behaves the same until it stops.`];
}
