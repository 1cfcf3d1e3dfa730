import { homedir } from 'node:os';
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { SecretsOfFile } from '../../check/run-probes.ts';
import type { EnvironmentUse } from '../../check/environment.ts';
import type { Delivery } from '../../check/messages.ts';
import type { RunContext } from '../../check/run.ts';
import type { RepeatStep, Scenario, ScenarioFile, SendStep, Step } from '../../check/scenario.ts';
import type { Target } from '../../check/target.ts';
import { chosenDestination } from '../destinations/edit-destination.ts';
import { readDestinations } from '../destinations/destination-settings.ts';
import type { DestinationSetting } from '../settings.ts';
import type { StoppedHistory } from '../session/stopped-history.ts';
import { CommandError } from '../ui/command-error.ts';
import { printable } from '../ui/printable.ts';
import { targetOf, type TargetParts } from './checked-destination.ts';
import type * as engineModule from './engine.ts';
import { chosenProbe, probeOf, untrusted } from './probe-choice.ts';

export interface ScenarioParts extends TargetParts {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly history: StoppedHistory;
  /** Resolves to false if the user canceled. */
  debugHandler(url: URL, signal: AbortSignal): Promise<boolean>;
}

type Engine = typeof engineModule;

export interface Prepared {
  readonly context: Omit<RunContext, 'run' | 'signal' | 'settling'>;
  readonly uses: readonly EnvironmentUse[];
}

/** Sends nothing. @throws CommandError with the reason why the scenarios can't run */
export async function prepare(
  uri: vscode.Uri,
  file: ScenarioFile,
  scenarios: readonly Scenario[],
  parts: ScenarioParts,
  engine: Engine,
): Promise<Prepared> {
  const folder = uri.scheme === 'file' ? dirname(uri.fsPath) : null;
  const own = file.destination?.url === undefined ? await ownDestination() : null;
  const used = { destination: own === null, ...engine.neededProbes(scenarios) };
  const secrets = engine.secretsOfFile(file, used, (variable) => headerIn(variable, engine));
  const further = [...Object.values(secrets.probe), ...Object.values(secrets.kept)];
  const target = own === null ? targetIn(file, secrets, further, engine) : await ownTarget(own, parts, further);
  if (engine.commandOfFile(file, used) !== null && !vscode.workspace.isTrusted) {
    throw untrusted(say('The contact count is a command'));
  }
  const named = engine.namedInFile(file, used, folder ?? homedir(), secrets, target.mask);
  const choice = own === null ? undefined : chosenProbe(parts.context.workspaceState, own.setting.url);
  const chosen = choice === undefined ? { probe: null, kept: null } : probeOf(choice, engine, target.mask);
  const asked = {
    probe: used.probe ? (named.probe ?? chosen.probe) : null,
    kept: used.kept ? (named.kept ?? chosen.kept) : null,
  };
  const unnamed = engine.unnamedIn(scenarios, asked);
  if (unnamed !== undefined) {
    throw new CommandError(
      say('“{0}” uses "{1}", which isn’t defined', printable(unnamed.scenario), unnamed.what),
      say(
        'Add the definition to the file. Or, if the file doesn’t name a destination, set up your destination’s contact count in the Destinations view.',
      ),
    );
  }
  const fromHistory = (id: string): Promise<Delivery> => deliveryOf(id, parts.history, engine);
  return {
    context: { ...asked, target, sources: engine.sourcesOf({ folder, fromHistory }) },
    uses: engine.environmentUses(file, used, new Set(own?.isUsers === true ? [target.url.origin] : [])),
  };
}

interface OwnDestination {
  readonly setting: DestinationSetting;
  /** Whether it is in the user's own settings: a folder's settings may have come with the file. */
  readonly isUsers: boolean;
}

async function ownDestination(): Promise<OwnDestination> {
  const { checked, target } = await readDestinations();
  const [node, ...others] = checked;
  if (node !== undefined && others.length === 0) {
    return { setting: chosenDestination(node).setting, isUsers: target === vscode.ConfigurationTarget.Global };
  }
  throw new CommandError(
    node === undefined
      ? say('Neither the file nor the settings name a destination')
      : say('The file doesn’t say which of the {0} destinations in your settings to use', others.length + 1),
    say('Add "destination": { "url": … } to the file.'),
  );
}

async function ownTarget({ setting }: OwnDestination, parts: ScenarioParts, further: string[]): Promise<Target> {
  const found = await targetOf(setting, parts, further);
  if (found !== undefined) return found;
  throw new CommandError(
    say('You haven’t decided whether to use stored keys or credentials for {0}', new URL(setting.url).origin),
    say('Nothing was sent. You’ll be asked again at the next run.'),
  );
}

function targetIn({ destination }: ScenarioFile, secrets: SecretsOfFile, further: string[], engine: Engine): Target {
  const { url = '', signatureKey: named } = destination ?? {};
  const signatureKey = named === undefined ? undefined : valueOf(named.env);
  return engine.targetTo({ ...destination, url }, { credentials: secrets.destination, signatureKey, further });
}

function headerIn(variable: string, { headerValue }: Engine): string {
  const value = valueOf(variable);
  if (headerValue.safeParse(value).success) return value;
  throw new CommandError(
    say('The environment variable {0} contains characters that aren’t valid in a header', variable),
    say('Use only Latin-1 characters, without line breaks.'),
  );
}

function valueOf(variable: string): string {
  const value = process.env[variable];
  if (value !== undefined && value !== '') return value;
  throw new CommandError(
    say('The environment variable {0} isn’t set or is empty', variable),
    say(
      'Set the variable, and then restart VS Code from the same shell. Or, if the file’s destination uses the variable, remove that destination to use the destination and key in your settings.',
    ),
  );
}

async function deliveryOf(id: string, history: StoppedHistory, engine: Engine): Promise<Delivery> {
  const client = await history.reader();
  if (client === undefined) throw new engine.CheckError(say('no history is available'));
  return engine.deliveryIn(client, id);
}

/** For responses and scenarios while the callback may be stopped at a breakpoint. */
export const noDeadlineMs = 3_600_000;

export function withoutDeadline(scenario: Scenario): Scenario {
  const alone = (step: Exclude<Step, RepeatStep>): Exclude<Step, RepeatStep> =>
    'send' in step ? ({ ...step, timeoutMs: noDeadlineMs } satisfies SendStep) : step;
  const steps = scenario.steps.map((step): Step =>
    'repeat' in step ? { ...step, steps: step.steps.map(alone) } : alone(step),
  );
  return { ...scenario, timeoutMs: noDeadlineMs, steps };
}
