import type { DebugSession } from 'vscode';

export type HandlerConfiguration =
  | {
      readonly kind: 'named';
      readonly name: string;
      /** URI of the folder whose launch.json has it; null for the workspace file. */
      readonly folder: string | null;
    }
  | { readonly kind: 'attach'; readonly port: number };

export interface Candidate {
  readonly name: string;
  readonly folder: string | null;
  readonly compound: boolean;
  readonly type: string;
  readonly sessions: readonly string[];
  readonly namesPort: boolean;
  readonly attaches: boolean;
}

/** Debuggers of programs that aren't servers, and this extension's own. */
const foreignTypes =
  /^(?:pwa-)?(?:chrome|msedge|extensionHost|node-terminal|editor-browser)$|^firefox$|^campaign-monitor$/;

/** Candidates that name the port come first. @param launch edited by hand, so of any shape */
export function candidatesIn(launch: unknown, folder: string | null, port: string): Candidate[] {
  const { configurations, compounds } = (launch ?? {}) as { configurations?: unknown; compounds?: unknown };
  const single = listed(configurations).flatMap((each): Candidate[] => {
    const { name, type } = each;
    if (typeof name !== 'string' || typeof type !== 'string' || foreignTypes.test(type)) return [];
    const attaches = each['request'] === 'attach';
    return [{ name, folder, compound: false, type, sessions: [name], namesPort: namesPort(each, port), attaches }];
  });
  const together = listed(compounds).flatMap(({ name, configurations: parts }): Candidate[] => {
    const names = Array.isArray(parts) ? parts.map(nameOfPart) : [];
    const known = single.filter((each) => names.includes(each.name));
    if (typeof name !== 'string' || known.length === 0) return [];
    return [
      {
        name,
        folder,
        compound: true,
        type: [...new Set(known.map((each) => each.type))].join(', '),
        sessions: known.map((each) => each.name),
        namesPort: known.some((each) => each.namesPort),
        attaches: known.every((each) => each.attaches),
      },
    ];
  });
  const all = [...single, ...together];
  return [...all.filter((each) => each.namesPort), ...all.filter((each) => !each.namesPort)];
}

function listed(value: unknown): Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(value)) return [];
  return value.filter((each): each is Record<string, unknown> => typeof each === 'object' && each !== null);
}

function nameOfPart(part: unknown): unknown {
  return typeof part === 'string' ? part : (part as { name?: unknown } | null)?.name;
}

function namesPort(configuration: unknown, port: string): boolean {
  return port !== '' && new RegExp(`(?<!\\d)${port}(?!\\d)`).test(JSON.stringify(configuration));
}

export function attachTo(port: number): { type: string; request: string; name: string; port: number } {
  return { type: 'node', request: 'attach', name: `Handler, attached at port ${port}`, port };
}

export function sessionsOf(chosen: HandlerConfiguration, candidates: readonly Candidate[]): readonly string[] {
  if (chosen.kind === 'attach') return [attachTo(chosen.port).name];
  return candidateOf(chosen, candidates)?.sessions ?? [];
}

/** Compares folders, too, because another folder's sessions may have the same names. */
export function findSessions<S extends Pick<DebugSession, 'configuration' | 'workspaceFolder'>>(
  running: readonly S[],
  chosen: HandlerConfiguration,
  candidates: readonly Candidate[],
): S[] {
  const names = sessionsOf(chosen, candidates);
  const isThere = (uri: string | null): boolean => chosen.kind === 'attach' || chosen.folder === uri;
  const ofName = running.filter(({ configuration }) => names.includes(configuration.name));
  return ofName.filter(({ workspaceFolder }) => isThere(workspaceFolder?.uri.toString() ?? null));
}

export function attaches(chosen: HandlerConfiguration, candidates: readonly Candidate[]): boolean {
  return chosen.kind === 'attach' || candidateOf(chosen, candidates)?.attaches === true;
}

function candidateOf(
  chosen: Extract<HandlerConfiguration, { kind: 'named' }>,
  candidates: readonly Candidate[],
): Candidate | undefined {
  return candidates.find(({ name, folder }) => name === chosen.name && folder === chosen.folder);
}

export interface Kept {
  get(key: string): unknown;
  update(key: string, value: unknown): Thenable<void>;
}

export class RememberedConfigurations {
  readonly #kept: Kept;
  readonly #key: string;

  constructor(kept: Kept, key: string) {
    this.#kept = kept;
    this.#key = key;
  }

  get all(): ReadonlyMap<string, HandlerConfiguration> {
    return new Map(Object.entries((this.#kept.get(this.#key) ?? {}) as Record<string, HandlerConfiguration>));
  }

  async set(destinationId: string, chosen: HandlerConfiguration | undefined): Promise<void> {
    const all = new Map(this.all);
    if (chosen === undefined) all.delete(destinationId);
    else all.set(destinationId, chosen);
    await this.#kept.update(this.#key, Object.fromEntries(all));
  }
}
