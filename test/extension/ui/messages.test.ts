import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const extension = join(dirname(fileURLToPath(import.meta.url)), '../../../src/extension');

/** The files of the extension that say something by VS Code's own means, beside the one place for that. */
function sayingBy(what: RegExp): string[] {
  return globSync('**/*.ts', { cwd: extension })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !file.startsWith('ui/') && what.test(readFileSync(join(extension, file), 'utf8')))
    .sort();
}

describe('What the extension says', () => {
  it('is said in passing by ui/status-message.ts, and in a message by ui/offer.ts, nowhere else', () => {
    assert.deepEqual(sayingBy(/setStatusBarMessage|showInformationMessage/), []);
    // A warning or an error that is not waited for asks nothing.
    assert.deepEqual(sayingBy(/void (?:vscode\.)?window\s*\.show(?:Warning|Error)Message/), []);
  });
});
