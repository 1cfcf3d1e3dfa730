/** Where a file of scenarios sends values of the environment: it may have come with a repository. */
import type { ScenarioFile } from './scenario.ts';

export interface EnvironmentUse {
  readonly variable: string;
  /** Such as `https://example.org`. */
  readonly origin: string;
}

/** Which parts of a file a run uses; for the others, the user named another, or no step needs it. */
export interface UsedParts {
  readonly destination: boolean;
  readonly probe: boolean;
  readonly kept: boolean;
}

/** Those sent to places that only the file names. @param said origins that the user has named */
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

/** By origin, each variable once. */
export function byOrigin(uses: readonly EnvironmentUse[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { variable, origin } of uses) {
    const known = found.get(origin) ?? [];
    if (!known.includes(variable)) found.set(origin, [...known, variable]);
  }
  return found;
}
