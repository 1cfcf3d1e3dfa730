/** Where a file of scenarios sends environment variables: it may have come with a repository. */
import type { ScenarioFile } from './scenario.ts';

export interface EnvironmentUse {
  readonly variable: string;
  readonly origin: string;
}

export interface UsedParts {
  readonly destination: boolean;
  readonly probe: boolean;
  readonly kept: boolean;
}

export function environmentUses(
  { destination, probe, kept }: ScenarioFile,
  used: UsedParts,
  said: ReadonlySet<string>,
): EnvironmentUse[] {
  const { url, credentials = {}, signatureKey } = destination ?? {};
  const own = [...Object.values(credentials), ...(signatureKey === undefined ? [] : [signatureKey])];
  const asked = probe !== undefined && 'url' in probe ? probe : undefined;
  const all = [
    ...(used.destination && url !== undefined ? usesOf(url, own) : []),
    ...(used.probe && asked !== undefined ? usesOf(asked.url, Object.values(asked.headers ?? {})) : []),
    ...(used.kept && kept !== undefined ? usesOf(kept.url, Object.values(kept.headers ?? {})) : []),
  ];
  return all.filter(({ origin }) => !said.has(origin));
}

function usesOf(url: string, variables: readonly { readonly env: string }[]): EnvironmentUse[] {
  const { origin } = new URL(url);
  return variables.map(({ env }) => ({ variable: env, origin }));
}

export function byOrigin(uses: readonly EnvironmentUse[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { variable, origin } of uses) {
    const known = found.get(origin) ?? [];
    if (!known.includes(variable)) found.set(origin, [...known, variable]);
  }
  return found;
}
