import type { Command } from 'commander';
import { z } from 'zod';
import { parseJson } from '../../common/parse-json.ts';
import { createInstance, type CreationResult } from '../../open-connectors/instance-creation.ts';
import type { InstanceFacts } from '../../open-connectors/instance-facts.ts';
import type { InstanceInput } from '../../open-connectors/instance-body.ts';
import { checkInstanceInput, type InstanceProblem } from '../../open-connectors/instance-check.ts';
import { defaultCallbackPort, loopbackCallback } from '../../oauth/ways.ts';
import { authorizeInTerminal, explainNoCode } from './authorization.ts';
import { apiKeyVariable } from './campaign-monitor.ts';
import { dataDirOf } from '../data-dir.ts';
import { CommandError, UsageError } from '../errors.ts';
import { secretIn } from '../secret-variable.ts';
import { checkedBy, jsonFlag, newCommand, notEmpty, type CommonOptions } from '../flags.ts';
import { appVariables, instanceFlags, instanceOfFlags, problemSentence, type InstanceFlags } from './instance-flags.ts';
import { noteRequest, platformFlags, withPlatform, type Platform, type PlatformOptions } from './open-connectors.ts';
import { rememberSetCallback } from './set-callbacks.ts';
import { note, print, printJson } from '../terminal/output.ts';
import { ownAddresses, urlToGive } from '../own-addresses.ts';
import { askYesNo, canAsk, secretFrom } from '../terminal/prompts.ts';
import { printable } from '../terminal/text.ts';
import { commandProcess, interrupted } from '../terminal/command-process.ts';

interface CreateOptions extends CommonOptions, PlatformOptions, InstanceFlags {
  basic?: boolean;
  signatureKeyEnv?: string;
  callbackUser?: string;
  callbackPasswordEnv?: string;
  callbackHeadersEnv?: string;
  open?: boolean;
  yes?: boolean;
  withSecrets?: boolean;
  json?: boolean;
}

const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable, not the secret itself');

export function createInstanceCommand(): Command {
  const command = newCommand(
    'create',
    'create an instance, with consent in a browser',
    `Creates an instance of the Campaign Monitor connector. Asks for access in a browser, waits for the code (or lets you paste it), and then creates the same instance as the form in VS Code. The OAuth app's client ID and client secret come from ${appVariables.apiKey} and ${appVariables.apiSecret}; if they are not set, the terminal asks for them. Creates it with one call: if no response arrives, the command lists the new instances with that name. If there is already an instance with that name, the terminal asks you to confirm; a script needs --yes.`,
    [
      'cm-relay instances create --name "My lists" --list 4fe1…          sends notifications to the running relay',
      'cm-relay instances create --name "My lists" --list 4fe1… --open   also opens the browser',
      "cm-relay instances create --name Plain --no-events --basic        uses Campaign Monitor's API key",
    ],
    'cm-relay instances list shows the instance. To verify its signatures, run cm-relay listen --verify-key-env NAME.',
  );
  command.optionsGroup('Instance:');
  for (const option of instanceFlags()) command.addOption(option);
  command.optionsGroup('Open Connectors:');
  for (const option of platformFlags()) command.addOption(option);
  return command
    .optionsGroup('Access to Campaign Monitor:')
    .option('--basic', `authorize with Campaign Monitor's API key, from ${apiKeyVariable}, without asking for consent`)
    .option('--open', 'open the browser (default: only print the URL)')
    .optionsGroup('Callback:')
    .option(
      '--signature-key-env <name>',
      'environment variable that holds the key for signing notifications',
      checkedBy(variableName),
    )
    .option('--callback-user <name>', 'user name to send to the callback', checkedBy(notEmpty('a name')))
    .option(
      '--callback-password-env <name>',
      'environment variable that holds the callback password',
      checkedBy(variableName),
    )
    .option(
      '--callback-headers-env <name>',
      'environment variable that holds headers for the callback, as a JSON object of strings',
      checkedBy(variableName),
    )
    .option('--yes', 'create without asking, even if an instance with this name exists')
    .optionsGroup('Output:')
    .option('--with-secrets', "also print the instance's token")
    .addOption(jsonFlag('print JSON lines: {"type":"authorize","url","redirectUri"}, then {"type":"created","id",…}'))
    .action(create);
}

async function create(options: CreateOptions): Promise<void> {
  const described = describedBy(options);
  // Check before the user is asked for a secret.
  refuse(checkInstanceInput({ ...described, ...givenLater(described) }));
  const own = await ownAddresses(options, 'open-connectors');
  await withPlatform(options, async (platform) => {
    const needsUrl = described.eventsEnabled && described.callbackUrl === '';
    const input: InstanceInput = {
      ...described,
      ...(needsUrl && {
        callbackUrl: urlToGive(own, platform.isHere, 'Open Connectors', '--callback-url'),
      }),
      ...(await credentialsOf(described)),
    };
    check(input, platform);
    const result = await createWithConsent(platform, input, options);
    if (result.kind !== 'created') throw explained(result, input);
    await tell(result, input, options);
    rememberSetCallback(dataDirOf(options), new URL(platform.baseUrl).host, result.id, input.callbackUrl);
  });
}

function describedBy(options: CreateOptions): InstanceInput {
  const flags = instanceOfFlags(options);
  const isBasic = options.basic === true;
  for (const [flag, given] of [
    ['--callback-url', options.callbackUrl],
    ['--list', options.list],
    ['--signature-key-env', options.signatureKeyEnv],
    ['--callback-user', options.callbackUser],
    ['--callback-headers-env', options.callbackHeadersEnv],
  ] as const) {
    if (!flags.eventsEnabled && given !== undefined)
      throw new UsageError(`${flag} requires events: leave out --no-events`);
  }
  if (isBasic && options.oauthCallbackUrl !== undefined)
    throw new UsageError('use either --oauth-callback-url or --basic, not both');
  if (isBasic && options.open === true) throw new UsageError('use either --open or --basic, not both');
  const password = variable('--callback-password-env', options.callbackPasswordEnv);
  const signatureKey = variable('--signature-key-env', options.signatureKeyEnv);
  const callbackHeaders = headersOf(variable('--callback-headers-env', options.callbackHeadersEnv));
  return {
    ...flags,
    authentication: isBasic ? 'basic' : 'oauth',
    oauthCallbackUrl: isBasic ? '' : (options.oauthCallbackUrl ?? loopbackCallback(defaultCallbackPort)),
    ...(signatureKey !== undefined && { signatureKey }),
    ...(options.callbackUser !== undefined && { basicUsername: options.callbackUser }),
    ...(password !== undefined && { basicPassword: password }),
    ...(callbackHeaders !== undefined && { callbackHeaders }),
  };
}

function givenLater({ callbackUrl }: InstanceInput): Partial<InstanceInput> {
  return {
    username: 'later',
    apiKey: 'later',
    apiSecret: 'later',
    callbackUrl: callbackUrl === '' ? 'https://relay.example.org/' : callbackUrl,
  };
}

async function credentialsOf({ authentication }: InstanceInput): Promise<Partial<InstanceInput>> {
  if (authentication === 'basic') return { username: await secretFrom(apiKeyVariable, 'API key', keyIsFound) };
  return {
    apiKey: await secretFrom(appVariables.apiKey, 'client ID', appIsFound),
    apiSecret: await secretFrom(appVariables.apiSecret, 'client secret', appIsFound),
  };
}

const keyIsFound = 'Find it in Campaign Monitor under Account settings, API keys; the sandbox prints its own.';
const appIsFound =
  'Find it in Campaign Monitor under Account settings, Manage connected apps, OAuth registration; the sandbox prints its own.';

function variable(flag: string, name: string | undefined): string | undefined {
  return name === undefined ? undefined : secretIn(name, flag, commandProcess().env);
}

const headersSchema = z.record(z.string(), z.string());

function headersOf(text: string | undefined): Readonly<Record<string, string>> | undefined {
  if (text === undefined) return undefined;
  const headers = headersSchema.safeParse(parseJson(text));
  if (headers.success) return headers.data;
  throw new UsageError('--callback-headers-env: the variable must contain a JSON object of strings');
}

function check(input: InstanceInput, { isHere }: Platform): void {
  const problems = checkInstanceInput(input).filter(({ code }) => code !== 'loopback-url' || !isHere);
  refuse(problems);
  for (const warning of problems) note(`warning: ${problemSentence(warning)}`);
}

function refuse(problems: readonly InstanceProblem[]): void {
  const error = problems.find(({ severity }) => severity === 'error');
  if (error !== undefined)
    throw new UsageError(problemSentence(error), 'To see all flags, run cm-relay help instances create.');
}

async function createWithConsent(
  { api, isHere }: Platform,
  input: InstanceInput,
  options: CreateOptions,
): Promise<CreationResult> {
  const stop = new AbortController();
  void interrupted().then(() => {
    note('Canceling…');
    stop.abort();
  });
  const authorizing = {
    open: options.open === true,
    asked(url: string, redirectUri: string) {
      if (options.json === true) void printJson({ type: 'authorize', url, redirectUri });
      note(`To grant access to Campaign Monitor${isHere ? ' (the sandbox)' : ''}, open this URL in a browser:`);
      note(`  ${url}`);
    },
  };
  return createInstance(
    {
      api,
      title: input.name,
      authorize: (request) => authorizeInTerminal(request, authorizing),
      confirmDuplicate: (existing) => (options.yes === true ? Promise.resolve(true) : confirmDuplicate(existing)),
      during: (step, task) => {
        note(steps[step]);
        return task(stop.signal);
      },
    },
    input,
    stop.signal,
  );
}

const steps = {
  creating: 'Creating the instance…',
  looking: 'Not confirmed: listing the instances with this name…',
} as const;

async function confirmDuplicate(existing: readonly InstanceFacts[]): Promise<boolean> {
  const message = `Open Connectors already has ${listInstances(existing)}`;
  if (canAsk()) return askYesNo(`${message}. Create another?`);
  throw new UsageError(message, 'To create another instance with this name, add --yes.');
}

function listInstances(instances: readonly InstanceFacts[]): string {
  const shown = instances.map(({ id, name }) => `${printable(name)} (${id})`).join(', ');
  return `${instances.length === 1 ? 'an instance' : 'instances'} with this name: ${shown}`;
}

function explained(result: Exclude<CreationResult, { kind: 'created' }>, { authentication }: InstanceInput): Error {
  const oauth = authentication === 'oauth';
  if ('error' in result) noteRequest(result.error);
  switch (result.kind) {
    case 'canceled':
      return new CommandError('canceled', 'Nothing was created.');
    case 'not-authorized': {
      const { message, next } = explainNoCode(result.authorization);
      return new CommandError(message, next);
    }
    case 'refused': {
      const again =
        oauth && result.step === 'creation'
          ? ' Then authorize again: a code works only once, and this code may already be used.'
          : '';
      return new CommandError(result.error.message, `${result.error.next}${again}`);
    }
    case 'unanswered': {
      const { message } = result.error;
      const again = oauth ? ' Then authorize again: a code works only once.' : '';
      if (result.found === null)
        return new CommandError(
          `${message}; it is unknown whether the instance was created`,
          `Before you try again, run cm-relay instances list to check.${again}`,
        );
      const [first] = result.found;
      return first === undefined
        ? new CommandError(
            `${message}, and there is no new instance with this name`,
            `Try again. If the instance appears later, the next attempt finds it before creating another one.${again}`,
          )
        : new CommandError(
            `${message}; Open Connectors now has ${listInstances(result.found)}`,
            `To see whether it is yours, run cm-relay instances show ${first.id}. If so, use it instead of creating another one.`,
          );
    }
  }
}

async function tell(
  { id, name, token }: Extract<CreationResult, { kind: 'created' }>,
  { eventsEnabled, signatureKey = '' }: InstanceInput,
  { json, withSecrets, signatureKeyEnv }: CreateOptions,
): Promise<void> {
  const shown = withSecrets === true ? { token: token ?? null } : {};
  if (json === true) await printJson({ type: 'created', id, name, ...shown });
  else {
    await print(`Created ${printable(name)} (${id}).\n`);
    if (withSecrets === true) await print(`Token: ${token ?? 'not returned by Open Connectors'}\n`);
  }
  if (eventsEnabled && signatureKey !== '' && signatureKeyEnv !== undefined)
    note(
      `To verify the signatures of the instance's notifications, run cm-relay listen --verify-key-env ${signatureKeyEnv}.`,
    );
}
