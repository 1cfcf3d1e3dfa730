/** Writes media/cm-scenario.schema.json from the schema in src/check/scenario.ts. Run it after a change to a scenario. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { scenarioFileSchema } from '../src/check/scenario.ts';
import { formatFile } from './format.ts';

export const schemaFile = fileURLToPath(new URL('../media/cm-scenario.schema.json', import.meta.url));

/** The published schema, as text. */
export async function publishedSchema(): Promise<string> {
  // What VS Code's own checks know.
  const schema = z.toJSONSchema(scenarioFileSchema, { io: 'input', target: 'draft-7' });
  return formatFile(schemaFile, JSON.stringify(schema));
}

if (import.meta.main) writeFileSync(schemaFile, await publishedSchema());
