import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { root } from './build.ts';

const rooms = ['src', 'test', 'bench', 'scripts', 'examples'];
const code = rooms.flatMap((room) => globSync(`${room}/**/*.{ts,mjs,cjs,js}`, { cwd: root })).sort();
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Words of a tale, each with what the field says. */
const fieldWords: Readonly<Record<string, string>> = {
  deed: 'action',
  deeds: 'actions',
  patience: 'timeout, timeout suspension',
  patient: 'tolerant',
  mend: 'fix',
  trouble: 'fault',
  troubles: 'faults',
  told: 'protocol shape',
  farewell: 'close',
  crumbs: 'chunks',
  stillborn: 'failed start',
  frugal: 'low memory',
  unhurried: 'without deadline',
  hurry: 'deadline',
  whereabouts: 'context',
  surroundings: 'context',
  upkeep: 'maintenance',
  unheard: 'without answer',
  gathered: 'findings',
};
/** What several words say together. */
const phrases = /LeftBehind|WayOn|StopWords|stop-words|way-on|left-behind|^kept-|^Terms$/;

function wordsIn(name: string): string[] {
  return name.split(/(?<=[a-z0-9])(?=[A-Z])|[-_.]/).map((word) => word.toLowerCase());
}

function isOfATale(name: string): boolean {
  return phrases.test(name) || wordsIn(name).some((word) => Object.hasOwn(fieldWords, word));
}

/** What a file exports, by its declarations. */
function exportsOf(path: string): string[] {
  const source = ts.createSourceFile(path, read(path), ts.ScriptTarget.ES2023, true);
  return source.statements.flatMap((statement) => {
    const isExported =
      ts.canHaveModifiers(statement) &&
      (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (!isExported) return [];
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.map(({ name }) => name.getText(source));
    const { name } = statement as ts.Statement & { readonly name?: ts.Node };
    return name === undefined ? [] : [name.getText(source)];
  });
}

describe('The words in code', () => {
  it('are those of the field, in names of files and of what they export', () => {
    assert.ok(code.length > 500);
    const names = code.flatMap((path) => [
      [path, basename(path).replace(/(?:\.test)?\.\w+$/, '')],
      ...exportsOf(path).map((name) => [path, name]),
    ]);
    assert.deepEqual(
      names
        .filter(([path = '', name = '']) => isOfATale(name) || (name === 'shown' && path.startsWith('src/')))
        .map((each) => each.join(': ')),
      [],
    );
  });

  it('call nobody she or her: the user is the user, or they', () => {
    const own = ['test/scripts/words-in-code.test.ts', 'test/docs/texts.test.ts'];
    const paths = [
      ...code.filter((path) => !own.includes(path)),
      ...globSync(['docs/*.md', '*.md', 'package.nls.json', 'l10n/bundle.l10n.json'], { cwd: root }),
    ];
    const lines = paths.flatMap((path) =>
      read(path)
        .split('\n')
        .map((line, at) => `${path}:${at + 1}: ${line.trim()}`)
        .filter((line) => /(?<![\w.])(?:she|her|hers|herself)\b/i.test(line.slice(line.indexOf(': ')))),
    );
    assert.deepEqual(lines, []);
  });
});
