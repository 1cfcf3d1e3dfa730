import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { EnvironmentUse } from '../check/environment.ts';
import { issuesText, issueWords } from '../protocol/issue-words.ts';
import {
  environmentVariable,
  fileTunnelSchema,
  headerValue,
  secretsSchema,
  settingsSchema,
} from '../protocol/settings.ts';
import type { Secrets, Settings } from '../protocol/settings.ts';
import { nextOf, UsageError } from './errors.ts';
import { whyMissing } from './secret-variable.ts';

const { keyType: keyName, valueType: headers } = secretsSchema.shape.credentials.unwrap();
const keys = z.record(keyName, environmentVariable).optional();

/** The file for `cm-relay listen --config`, published as docs/cm-relay.config.schema.json. */
export const configSchema = z
  .strictObject({
    $schema: z.string().optional(),
    ...settingsSchema.shape,
    tunnel: fileTunnelSchema.default({ kind: 'none' }),
    signatureKeys: keys.describe('Keys for signing notifications, by the name that destinations use.'),
    verifyKeys: keys.describe('Keys for verifying deliveries from Open Connectors.'),
    credentials: z
      .record(keyName, z.record(headers.keyType, environmentVariable))
      .optional()
      .describe('Credential headers, by the name that destinations use.'),
  })
  .describe('Configuration of cm-relay listen.');

export interface Config {
  readonly settings: Partial<Settings>;
  readonly secrets: Secrets;
  readonly uses?: readonly EnvironmentUse[];
}

export function readConfig(file: string, environment: NodeJS.ProcessEnv): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--config ${file}: cannot read the file: ${(error as Error).message}`, nextOf(error));
  }
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw new UsageError(
      `--config ${file}: not valid JSON: ${(error as Error).message}`,
      'Fix the file: JSON allows no comments or trailing commas. docs/cli.md shows a complete file.',
    );
  }
  return parseConfig(value, file, environment);
}

export function parseConfig(value: unknown, file: string, environment: NodeJS.ProcessEnv): Config {
  const refused = (why: string): UsageError =>
    new UsageError(
      `--config ${file}: ${why}`,
      'docs/cm-relay.config.schema.json describes the file. To check the file in your editor, add "$schema" as docs/cli.md shows.',
    );
  let result;
  try {
    result = configSchema.safeParse(value, { error: issueWords });
  } catch (error) {
    throw refused((error as Error).message);
  }
  if (!result.success) throw refused(issuesText(result.error));
  const { signatureKeys, verifyKeys, credentials } = result.data;
  const secret = (path: string, { env }: { env: string }): string => {
    const held = environment[env];
    if (held !== undefined && held !== '') return held;
    throw new UsageError(
      `--config ${file}: ${path} uses the environment variable ${env}, which ${whyMissing(held)}`,
      `Set ${env} before you run this command.`,
    );
  };
  const inHeader = (path: string, at: { env: string }): string =>
    asHeader(secret(path, at), `--config ${file}: ${path} uses the environment variable ${at.env}, which`);
  const mapRecord = <T, U>(record: Record<string, T>, map: (entry: T, name: string) => U): Record<string, U> =>
    Object.fromEntries(Object.entries(record).map(([name, entry]) => [name, map(entry, name)]));
  const given = Object.keys(value as object);
  const isSetting = (name: string): boolean => name in settingsSchema.shape && given.includes(name);
  return {
    // Leave out the schema's defaults, which must not override what the relay remembers.
    settings: Object.fromEntries(Object.entries(result.data).filter(([name]) => isSetting(name))),
    uses: result.data.destinations.flatMap(({ url, credentialsName = '' }) =>
      Object.values(credentials?.[credentialsName] ?? {}).map(({ env }) => ({
        variable: env,
        origin: new URL(url).origin,
      })),
    ),
    secrets: {
      ...(signatureKeys && {
        signatureKeys: mapRecord(signatureKeys, (at, name) => secret(`signatureKeys.${name}`, at)),
      }),
      ...(verifyKeys && { verifyKeys: mapRecord(verifyKeys, (at, name) => secret(`verifyKeys.${name}`, at)) }),
      ...(credentials && {
        credentials: mapRecord(credentials, (headers, name) =>
          mapRecord(headers, (at, header) => inHeader(`credentials.${name}.${header}`, at)),
        ),
      }),
    },
  };
}

export function asHeader(secret: string, who: string): string {
  if (headerValue.safeParse(secret).success) return secret;
  throw new UsageError(
    `${who} contains characters that are not allowed in a header`,
    'Use only Latin-1 characters, without line breaks.',
  );
}
