import type { Command } from 'commander';
import { escapedJson } from '../../common/unprintable.ts';
import { buildInstanceBody, type InstanceInput } from '../../open-connectors/instance-body.ts';
import { checkInstanceInput } from '../../open-connectors/instance-check.ts';
import { toInstanceCurl } from '../../open-connectors/instance-curl.ts';
import { UsageError } from '../errors.ts';
import { checkedBy, newCommand, notEmpty, type CommonOptions } from '../flags.ts';
import { appVariables, instanceFlags, instanceOfFlags, problemSentence } from '../vendors/instance-flags.ts';
import type { InstanceFlags } from '../vendors/instance-flags.ts';
import { defaultPlatformHost, platformBaseUrl } from '../vendors/open-connectors.ts';
import { note, printSafely } from '../terminal/output.ts';
import { commandProcess } from '../terminal/command-process.ts';

interface BodyOptions extends CommonOptions, InstanceFlags {
  code?: string;
  curl?: boolean;
  host?: string;
  withSecrets?: boolean;
}

export function bodyCommand(): Command {
  const command = newCommand(
    'body',
    'print the body for creating an instance in Open Connectors',
    'Prints the JSON body for POST /instances, which creates an instance of the Campaign Monitor connector. Validates the values you give and leaves the others empty ("") for you to fill in. The OAuth app\'s client ID and client secret come from the environment variables OAUTH_API_KEY and OAUTH_API_SECRET.',
    [
      'cm-relay instances body                                   all keys, with empty values',
      'cm-relay instances body --name "My lists" --list 4fe1… --callback-url https://…/open-connectors > body.json',
      'cm-relay instances body --name "My lists" --curl          a curl command with placeholders for secrets',
    ],
    'post the body with your user and organization secrets; --curl prints the command. Save the ID and token from\nthe answer.',
  );
  command.optionsGroup('Instance:');
  for (const option of instanceFlags()) command.addOption(option);
  return command
    .option('--code <code>', 'grant code from the consent page; works once', checkedBy(notEmpty('a code')))
    .optionsGroup('Output:')
    .option('--curl', 'print a curl command that posts the body, with placeholders for secrets')
    .option(
      '--host <host>',
      `your Open Connectors host, for --curl (default: ${defaultPlatformHost})`,
      checkedBy(notEmpty('a host')),
    )
    .option('--with-secrets', 'show secrets in the curl command')
    .action(body);
}

async function body(options: BodyOptions): Promise<void> {
  if (options.curl !== true) {
    if (options.host !== undefined) throw new UsageError('--host requires --curl');
    if (options.withSecrets === true)
      throw new UsageError('--with-secrets requires --curl; the JSON always shows secrets');
  }
  const input: InstanceInput = {
    ...instanceOfFlags(options),
    apiKey: commandProcess().env[appVariables.apiKey] ?? '',
    apiSecret: commandProcess().env[appVariables.apiSecret] ?? '',
    code: options.code ?? '',
  };
  // Missing values are "", for the user to fill in.
  const problems = checkInstanceInput(input).filter(({ code }) => code !== 'missing');
  const error = problems.find(({ severity }) => severity === 'error');
  if (error !== undefined) throw new UsageError(problemSentence(error));
  const built = buildInstanceBody(input);
  const text =
    options.curl === true
      ? toInstanceCurl(built, {
          baseUrl: platformBaseUrl(options.host ?? defaultPlatformHost),
          withSecrets: options.withSecrets === true,
        })
      : escapedJson(JSON.stringify(built, null, 2));
  for (const warning of problems) note(`warning: ${problemSentence(warning)}`);
  await printSafely(`${text}\n`);
}
