/** Where the documents that help and errors name are on this machine. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** @returns the folder that holds `docs/`; undefined where the program came without them */
export function documentsFolder(): string | undefined {
  const program = process.argv[1];
  if (program === undefined || !existsSync(program)) return undefined;
  // dist/cm-relay.js of the package, or src/cli/cm-relay.ts of a clone.
  const folder = dirname(realpathSync(program));
  return [dirname(folder), dirname(dirname(folder))].find((each) => existsSync(join(each, 'docs', 'cli.md')));
}
