/** Writes docs/cm-relay.config.schema.json from the schema in src/cli/config.ts. Run it after a change to a setting. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { configSchema } from '../src/cli/config.ts';
import { formatFile } from './format.ts';

export const schemaFile = fileURLToPath(new URL('../docs/cm-relay.config.schema.json', import.meta.url));

/** The published schema, as text. */
export async function publishedSchema(): Promise<string> {
  const schema = z.toJSONSchema(configSchema, { io: 'input' });
  return formatFile(schemaFile, JSON.stringify(schema));
}

if (import.meta.main) writeFileSync(schemaFile, await publishedSchema());
