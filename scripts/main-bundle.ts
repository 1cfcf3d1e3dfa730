/** What VS Code loads when it activates the extension: dist/extension/extension.mjs with all that it imports at once. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The files, as absolute paths; what is imported on demand is not among them. Needs dist/. */
export function mainBundle(entry = join(import.meta.dirname, '..', 'dist', 'extension', 'extension.mjs')): string[] {
  const files = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(/(?:from|import)"(\.\/[^"]+)"/g))
      visit(join(dirname(file), path));
  };
  visit(entry);
  return [...files];
}
