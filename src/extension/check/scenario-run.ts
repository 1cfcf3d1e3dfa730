/** What scenarios of a file are run with: their callback, its secrets, the probe, and where events come from. */
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import type { EnvironmentUse } from '../../check/environment.ts';
import type { Delivery } from '../../check/messages.ts';
import type { RunContext } from '../../check/run.ts';
import type { Scenario, ScenarioFile } from '../../check/scenario.ts';
import type { Target } from '../../check/target.ts';
import type { SecretMask } from '../../common/masking.ts';
import { readDestinations } from '../relay/destinations/destination-settings.ts';
import type { StoppedHistory } from '../relay/session/stopped-history.ts';
import { CommandError } from '../ui/command-error.ts';
import { printable } from '../ui/printable.ts';
import { targetOf } from './checked-destination.ts';
import type { TargetParts } from './checked-destination.ts';
import type * as engineModule from './engine.ts';
import { chosenProbe, probeOf, untrusted } from './probe-choice.ts';
import type { AskedProbe } from './probe-choice.ts';

export interface ScenarioParts extends TargetParts {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly history: StoppedHistory;
  /** Has the handler at a URL run under a debugger. @returns false where the user gave up */
  debugHandler(url: URL): Promise<boolean>;
}

type Engine = typeof engineModule;

/** Everything but the run itself. */
export interface Prepared {
  readonly context: Omit<RunContext, 'run' | 'signal' | 'settling'>;
  /** What of the environment goes where by the file. */
  readonly uses: readonly EnvironmentUse[];
}

/**
 * Prepares a file's scenarios to be run: nothing is sent yet, and nobody asked but the user.
 * @param scenarios those that are run
 * @throws CommandError that says why they cannot be
 */
export async function prepare(
  uri: vscode.Uri,
  file: ScenarioFile,
  scenarios: readonly Scenario[],
  parts: ScenarioParts,
  engine: Engine,
): Promise<Prepared> {
  const folder = uri.scheme === 'file' ? dirname(uri.fsPath) : null;
  const { target: found, secrets, own } = await targetIn(file, parts, engine);
  const isAsked = (what: 'probe' | 'kept'): boolean => scenarios.some((each) => engine.asks(each, what));
  const used = { destination: own === null, probe: isAsked('probe'), kept: isAsked('kept') };
  const sent = {
    probe: valuesOf(
      (used.probe && file.probe !== undefined && 'url' in file.probe && file.probe.headers) || {},
      engine,
    ),
    kept: valuesOf((used.kept && file.kept?.headers) || {}, engine),
  };
  const mask = engine.maskOfRun(found, [...secrets, ...Object.values({ ...sent.probe, ...sent.kept })]);
  const target = { ...found, mask };
  const asked = probesIn(file, folder, engine, own, sent, mask);
  const probe = used.probe ? asked.probe : null;
  const kept = used.kept ? asked.kept : null;
  const { l10n } = vscode;
  for (const [what, asked] of Object.entries({ probe, kept })) {
    const asking = asked === null ? scenarios.find((each) => engine.asks(each, what as 'probe' | 'kept')) : undefined;
    if (asking !== undefined) {
      throw new CommandError(
        l10n.t('“{0}” asks "{1}", and nothing says what that is', printable(asking.name), what),
        l10n.t('Name it in the file, or choose the probe of the destination in the view Destinations.'),
      );
    }
  }
  const fromHistory = (id: string): Promise<Delivery> => deliveryOf(id, parts.history, engine);
  return {
    context: { target, probe, kept, sources: engine.sourcesOf({ folder, fromHistory }) },
    uses: engine.environmentUses(file, used, new Set(own?.isUsers === true ? [target.url.origin] : [])),
  };
}

interface FoundTarget {
  readonly target: Omit<Target, 'mask'>;
  readonly secrets: readonly string[];
  /** The settings' destination; null where the file names its own. */
  readonly own: {
    readonly url: string;
    readonly state: vscode.Memento;
    /** Whether the user's own settings name it: a folder's may have come with the file. */
    readonly isUsers: boolean;
  } | null;
}

/** @throws CommandError */
async function targetIn(file: ScenarioFile, parts: ScenarioParts, engine: Engine): Promise<FoundTarget> {
  const { l10n } = vscode;
  const {
    url,
    headers = {},
    credentials = {},
    signatureKey,
    timeoutMs = 10_000,
    insecureTls = false,
  } = file.destination ?? {};
  if (url !== undefined) {
    const sent = valuesOf(credentials, engine);
    const key = signatureKey === undefined ? undefined : valueOf(signatureKey);
    return {
      target: {
        url: new URL(url),
        headers: Object.entries({ ...headers, ...sent }),
        signatureKey: key,
        timeoutMs,
        insecureTls,
      },
      secrets: Object.values(sent),
      own: null,
    };
  }
  const settings = readDestinations();
  const [first, ...others] = settings.destinations;
  if (first === undefined || others.length > 0) {
    throw new CommandError(
      first === undefined
        ? l10n.t('The file names no destination, and the settings have none')
        : l10n.t('The file names no destination, and the settings have {0}', others.length + 1),
      l10n.t('Write "destination": { "url": … } into the file.'),
    );
  }
  const found = await targetOf(first, parts);
  if (found === undefined) {
    throw new CommandError(
      l10n.t('You have not said whether what is stored may be sent to {0}', new URL(first.url).origin),
      l10n.t('Nothing was sent. You are asked again with the next run.'),
    );
  }
  const isUsers = settings.target === vscode.ConfigurationTarget.Global;
  return { ...found, own: { url: first.url, state: parts.context.workspaceState, isUsers } };
}

/** @throws CommandError */
function probesIn(
  file: ScenarioFile,
  folder: string | null,
  engine: Engine,
  own: FoundTarget['own'],
  sent: { readonly probe: Headers; readonly kept: Headers },
  mask: SecretMask,
): AskedProbe {
  const choice = own === null ? undefined : chosenProbe(own.state, own.url);
  const chosen = choice === undefined ? { probe: null, kept: null } : probeOf(choice, engine, mask);
  const { probe, kept } = file;
  const { l10n } = vscode;
  const probeOfFile = (): AskedProbe['probe'] => {
    if (probe === undefined) return null;
    if ('command' in probe) {
      if (!vscode.workspace.isTrusted) throw untrusted(l10n.t('The probe is a command'));
      return engine.commandProbe(probe.command, folder ?? homedir(), mask);
    }
    try {
      return engine.urlProbe({ url: probe.url, value: probe.value, headers: sent.probe, mask });
    } catch (error) {
      if (!(error instanceof engine.ExpressionError)) throw error;
      throw new CommandError(l10n.t('The expression of the probe cannot be read: {0}', printable(error.message)));
    }
  };
  return {
    probe: probeOfFile() ?? chosen.probe,
    kept: kept === undefined ? chosen.kept : engine.keptPage({ url: kept.url, headers: sent.kept, mask }),
  };
}

type Headers = Readonly<Record<string, string>>;

/** @throws CommandError where a variable is not set, or no header can hold it */
function valuesOf(named: Readonly<Record<string, { readonly env: string }>>, { headerValue }: Engine): Headers {
  const valid = (at: { readonly env: string }): string => {
    const value = valueOf(at);
    if (headerValue.safeParse(value).success) return value;
    throw new CommandError(
      vscode.l10n.t('The environment variable {0} holds what no header can', at.env),
      vscode.l10n.t('Look for an end of a line in it, or a character that is not Latin.'),
    );
  };
  return Object.fromEntries(Object.entries(named).map(([header, at]) => [header, valid(at)]));
}

/** @throws CommandError where the variable is not set */
function valueOf({ env }: { readonly env: string }): string {
  const value = process.env[env];
  if (value !== undefined && value !== '') return value;
  throw new CommandError(
    vscode.l10n.t('The environment variable {0} is not set', env),
    vscode.l10n.t(
      'Set it and start VS Code anew from there. Or name no destination in the file: then that of the settings is used, with its key.',
    ),
  );
}

/** @throws SourceError */
async function deliveryOf(id: string, history: StoppedHistory, { SourceError }: Engine): Promise<Delivery> {
  const client = await history.reader();
  if (client === undefined) throw new SourceError(vscode.l10n.t('there is no history to take {0} from', id));
  try {
    const deliveryId = id.startsWith('d') ? id : (await client.request('events/get', { id })).delivery.id;
    const { delivery, headers, body } = await client.request('deliveries/get', { id: deliveryId });
    const contentType = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? 'application/json';
    return { body: Buffer.from(body, 'base64'), contentType, source: delivery.source };
  } catch (error) {
    throw new SourceError(`${id}: ${(error as Error).message}`);
  }
}
