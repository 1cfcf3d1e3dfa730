import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const create = createRequire(import.meta.url)('markdown-it') as (options: object) => { render(text: string): string };

/** What a reader sees of Markdown, without pictures and comments. */
function renderText(markdown: string): string {
  return create({ html: true })
    .render(markdown)
    .replaceAll(/<!--.*?-->/gs, ' ')
    .replaceAll(/<[^>]*>/g, ' ');
}

describe('README.md', () => {
  it('has at most 800 words and one picture', () => {
    const words = renderText(readme).trim().split(/\s+/);
    assert.ok(words.length > 400 && words.length <= 800, `${words.length} words`);
    assert.equal(readme.match(/!\[/g)?.length, 1);
  });

  it('names the two commands for a clone once', () => {
    for (const command of ['npm ci && npm start', 'npm ci && npm test']) {
      assert.equal(readme.split(command).length, 2, command);
    }
  });

  it('leads to every document, and to nothing that is not there', () => {
    const targets = [...readme.matchAll(/\]\((?!https:|#)([^)#]+)/g)].map(([, target = '']) => target);
    assert.deepEqual(
      targets.filter((target) => !existsSync(join(root, target))),
      [],
    );
    const documents = globSync('docs/*.md', { cwd: root });
    assert.deepEqual(
      documents.filter((document) => !targets.includes(document)),
      [],
    );
  });

  it('and docs/ show every picture of docs/pictures, which scripts/pictures.ts lists, and no other', () => {
    const documents = ['README.md', ...globSync('docs/*.md', { cwd: root })];
    const shown = documents.flatMap((document) =>
      [...readFileSync(join(root, document), 'utf8').matchAll(/pictures\/([\w-]+\.png)/g)].map(([, name]) => name),
    );
    const kept = globSync('*.png', { cwd: join(root, 'docs/pictures') });
    assert.deepEqual([...new Set(shown)].sort(), kept.sort());
    const script = readFileSync(join(root, 'scripts/pictures.ts'), 'utf8');
    const listed = [...script.matchAll(/'([\w-]+\.png)':/g)].map(([, name]) => name);
    assert.deepEqual(listed.sort(), kept);
  });
});
