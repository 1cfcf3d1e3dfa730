import { cleanEnvironment, runBounded } from '../common/programs/bounded-output.ts';
import { findProgram, workingDirectory } from '../common/programs/find-program.ts';
import { say } from '../common/say.ts';
import { presetOf, tunnelPresetNames, type TunnelPreset } from './tunnel-presets.ts';
import type { Cost, TunnelProgram } from './tunnel-program.ts';

const askMs = 5_000;
const askCharacters = 262_144;

export interface SurveyedTunnel {
  readonly name: TunnelPreset | 'localtunnel';
  /** Null if it isn't installed. localtunnel needs none: `built-in`. */
  readonly installed: { readonly path: string } | 'built-in' | null;
  /** `unknown`: the program doesn't tell before it is started. */
  readonly signedIn: 'yes' | 'no' | 'unknown' | 'not-needed';
  readonly stable: TunnelProgram['stable'];
  readonly cost: Cost;
  readonly obstacles: NonNullable<TunnelProgram['obstacles']>;
  readonly signIn: string | null;
  readonly install: string | null;
}

export interface SurveyOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly paths?: Readonly<Partial<Record<TunnelPreset, string>>>;
  readonly notBelow?: readonly string[];
  readonly signal?: AbortSignal;
}

export function costText(cost: Cost): string {
  return {
    free: say('free, no account'),
    'free-account': say('free with an account'),
    'own-server': say('your own server'),
    unknown: say('cost unknown'),
  }[cost];
}

export function obstacleText(obstacle: SurveyedTunnel['obstacles'][number]): string {
  return {
    'browser-warning': say('shows browsers a warning page first; a sender that isn’t a browser gets through'),
    'ends-after-an-hour': say('ends after 60 minutes and gets another URL'),
    'url-changes': say('gets another URL now and then, unless you set your own name'),
    outages: say('the public server is often down; fine with your own server'),
    'own-tailnet-check': say('the check from this machine may stay within your tailnet'),
  }[obstacle];
}

export async function surveyTunnels(options: SurveyOptions): Promise<SurveyedTunnel[]> {
  const programs = await Promise.all(tunnelPresetNames.map((name) => surveyed(name, options)));
  return [
    ...programs,
    {
      name: 'localtunnel',
      installed: 'built-in',
      signedIn: 'not-needed',
      stable: 'with-name',
      cost: 'free',
      obstacles: ['browser-warning', 'outages'],
      signIn: null,
      install: null,
    },
  ];
}

async function surveyed(
  name: TunnelPreset,
  { environment, paths = {}, notBelow = [], signal }: SurveyOptions,
): Promise<SurveyedTunnel> {
  const preset = presetOf(name);
  const places = { path: environment['PATH'] ?? '', notBelow: [...workingDirectory(), ...notBelow] };
  const env = cleanEnvironment(environment, preset.environment, places.notBelow);
  const found = findProgram(paths[name] ?? preset.program, places);
  const path = 'path' in found ? found.path : null;
  return {
    name,
    installed: path === null ? null : { path },
    signedIn: path === null ? stateWithout(preset) : await signedInBy(path, preset, env, signal),
    stable: preset.stable,
    cost: preset.cost,
    obstacles: preset.obstacles ?? [],
    signIn: preset.signIn ?? null,
    install: preset.install ?? null,
  };
}

function stateWithout({ cost }: TunnelProgram): 'unknown' | 'not-needed' {
  return cost === 'free' ? 'not-needed' : 'unknown';
}

async function signedInBy(
  path: string,
  preset: TunnelProgram,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<SurveyedTunnel['signedIn']> {
  const { signedIn } = preset;
  if (signedIn === undefined) return stateWithout(preset);
  try {
    const { output } = await runBounded([path, ...signedIn.args], env, {
      ms: askMs,
      characters: askCharacters,
      ...(signal !== undefined && { signal }),
    });
    return new RegExp(signedIn.pattern, 'im').test(output) ? 'yes' : 'no';
  } catch {
    return 'unknown';
  }
}
