/** Where on this machine the documents are that help and errors name. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** @returns the folder that contains `docs/`; undefined if the program was installed without it */
export function documentsFolder(): string | undefined {
  const program = process.argv[1];
  if (program === undefined || !existsSync(program)) return undefined;
  // dist/cm-relay.js of the package, or src/cli/cm-relay.ts of a clone.
  const folder = dirname(realpathSync(program));
  return [dirname(folder), dirname(dirname(folder))].find((each) => existsSync(join(each, 'docs', 'cli.md')));
}
