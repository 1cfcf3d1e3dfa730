import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packedExtension, packedFolder, root } from '../packed.ts';

/** The size of a bundle with all that it loads at once, in bytes; what it loads on demand aside. */
function sizeAtOnce(file: string, counted = new Set<string>()): number {
  if (counted.has(file)) return 0;
  counted.add(file);
  const text = readFileSync(file, 'utf8');
  const parts = [...text.matchAll(/(?:from|import)\s*"(\.\/[^"]+)"/g)].map(([, part = '']) => part);
  return parts.reduce((sum, part) => sum + sizeAtOnce(join(dirname(file), part), counted), statSync(file).size);
}

// That VS Code installs and runs it, every spec of the suite `workbench` shows.
describe('The package', () => {
  it('has the programs and the licenses, and is no larger than it may be', () => {
    const vsix = packedExtension();
    const { size } = statSync(vsix);
    assert.ok(size <= 1_500_000, `${size} bytes`);
    // A ZIP names its files as they are.
    for (const part of ['third-party-licenses.txt', 'cm-relay.js', 'cm-relay-mcp.js'])
      assert.ok(readFileSync(vsix).includes(`extension/dist/${part}`), part);
    const { main } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { main: string };
    const atOnce = sizeAtOnce(join(packedFolder(), main));
    assert.ok(atOnce <= 150_000, `${atOnce} bytes`);
    console.log(`      VSIX ${size} bytes, main bundle ${atOnce} bytes`);
  });
});
