/**
 * Holds package.json and the translations against the code, both ways: commands, views, settings, keys of `when`
 * clauses, texts. Prints what is missing. `node scripts/check-manifest.ts --write` first writes anew what is made from
 * the code: l10n/bundle.l10n.json, docs/settings.md, and what package.json and package.nls.json say of the commands and
 * of the settings.
 */
import { isDeepStrictEqual } from 'node:util';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { Step } from '../src/check/scenario.ts';
import { checksFor } from '../src/check/suite.ts';
import { commandId, internalCommands } from '../src/extension/commands.ts';
import { prefix } from '../src/extension/prefix.ts';
import { relayAdvice } from '../src/protocol/advice.ts';
import { takenSettings } from '../src/extension/session/taken-settings.ts';
import { contributesOfCommands, textsOfCommands } from './contributions.ts';
import { formatFile } from './format.ts';
import { saidTexts } from './said-texts.ts';
import { configuration, restrictedConfigurations, settingsPage, textsOfSettings } from './settings.ts';

const root = join(import.meta.dirname, '..');
const problems: string[] = [];

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function readTexts(path: string): Record<string, string> {
  if (existsSync(join(root, path))) return JSON.parse(read(path)) as Record<string, string>;
  problems.push(`${path} is missing`);
  return {};
}

/** Reports what stands on one side alone. */
function compare(
  what: string,
  [left, leftNames]: [string, Iterable<string>],
  [right, rightNames]: [string, Iterable<string>],
): void {
  const [leftSet, rightSet] = [new Set(leftNames), new Set(rightNames)];
  for (const name of leftSet) if (!rightSet.has(name)) problems.push(`${what} ${name}: in ${left}, not in ${right}`);
  for (const name of rightSet) if (!leftSet.has(name)) problems.push(`${what} ${name}: in ${right}, not in ${left}`);
}

const texts = new Map<string, string>();
/** Every string of the extension's code, `${prefix}` put in. */
const strings = new Set<string>();
const usedViews = new Set<string>();
const usedSettings = new Set([...takenSettings].map((name) => `${prefix}.${name}`));
const setKeys = new Set<string>();

/** A string or a template of nothing but the prefix; else undefined. */
function textOf(node: ts.Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  let text = node.head.text;
  for (const span of node.templateSpans) {
    if (span.expression.getText() !== 'prefix') return undefined;
    text += prefix + span.literal.text;
  }
  return text;
}

function readCall(call: ts.CallExpression, file: string): void {
  const [first, second] = call.arguments;
  const callee = call.expression.getText().replaceAll(/\s/g, '');
  const name = /[^.]*$/.exec(callee)?.[0] ?? '';
  const text = textOf(first);
  if (/^(?:createTreeView|registerTreeDataProvider|registerWebviewViewProvider)$/.test(name) && text !== undefined) {
    usedViews.add(text);
  } else if (name === 'executeCommand' && text === 'setContext') {
    const key = textOf(second);
    if (key === undefined) problems.push(`${file}: use a literal key in setContext: ${call.getText()}`);
    else setKeys.add(key);
  } else if (text !== undefined && name === 'setting') {
    usedSettings.add(`${prefix}.${text}`);
  }
}

for (const path of globSync('src/**/*.ts', { cwd: root }).sort()) {
  const said = saidTexts(path, read(path));
  problems.push(...said.problems);
  for (const text of said.texts) texts.set(text, path);
}

for (const path of globSync('src/extension/**/*.ts', { cwd: root }).sort()) {
  const source = ts.createSourceFile(path, read(path), ts.ScriptTarget.ES2023, true);
  const visit = (node: ts.Node): void => {
    const text = textOf(node);
    if (text !== undefined) strings.add(text);
    if (ts.isCallExpression(node)) readCall(node, path);
    ts.forEachChild(node, visit);
  };
  visit(source);
}

// Texts of a table: `translate` says them (src/common/say.ts).
for (const [inTerminal = '', inVsCode = inTerminal] of Object.values(relayAdvice).map((each) => [each].flat()))
  texts.set(inVsCode, 'src/protocol/advice.ts');

// The same of the suite.
for (const { title, why, platform, fix, scenario } of checksFor({ answerWithinMs: 1000 }))
  for (const text of [title, why, platform, fix, ...namesOf(scenario.steps)]) texts.set(text, 'src/check/suite.ts');

/** What steps are called. */
function namesOf(steps: readonly Step[]): string[] {
  return steps.flatMap((step) => ('steps' in step ? namesOf(step.steps) : 'name' in step ? (step.name ?? []) : []));
}

interface Manifest {
  readonly icon: string;
  readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } };
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly icon?: string }[];
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly viewsContainers: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly viewsWelcome: readonly { readonly view: string }[];
    readonly menus: Readonly<Record<string, readonly { readonly command: string }[]>>;
    readonly keybindings: readonly { readonly command: string }[];
    readonly configuration: readonly { readonly properties: Readonly<Record<string, unknown>> }[];
  };
}

/** Keys of VS Code's own, of its documentation on `when` clauses. */
const ownKeys = new Set([
  'view',
  'viewItem',
  'webviewId',
  'focusedView',
  'inputFocus',
  'listFocus',
  'treestickyScrollFocused',
  'listMultiSelection',
  'listDoubleSelection',
  'editorTextFocus',
  'resourceFilename',
  'resourceScheme',
  'isInDiffEditor',
  'inputFocus',
  'inDebugMode',
  'workspaceFolderCount',
]);

const described = { ...contributesOfCommands(), configuration };
const describedTexts: Readonly<Record<string, string>> = { ...textsOfCommands(), ...textsOfSettings };
/** Whether a text of package.nls.json is made from a description. */
const isDescribed = (key: string): boolean => /^(?:command|settings?)\./.test(key);
const docs = await formatFile('docs/settings.md', settingsPage);

if (process.argv.includes('--write')) await writeDescribed();

/** Writes what is made from the descriptions into package.json and package.nls.json; all else there stays. */
async function writeDescribed(): Promise<void> {
  const written = JSON.parse(read('package.json')) as Manifest;
  const others = Object.entries(readTexts('package.nls.json')).filter(([key]) => !isDescribed(key));
  const files = {
    'package.json': {
      ...written,
      capabilities: {
        ...written.capabilities,
        untrustedWorkspaces: { ...written.capabilities.untrustedWorkspaces, restrictedConfigurations },
      },
      contributes: { ...written.contributes, ...described },
    },
    'package.nls.json': Object.fromEntries([...others, ...Object.entries(describedTexts)]),
  };
  for (const [path, content] of Object.entries(files))
    writeFileSync(join(root, path), await formatFile(path, JSON.stringify(content)));
  writeFileSync(join(root, 'docs/settings.md'), docs);
}

const manifestText = read('package.json');
const manifest = JSON.parse(manifestText) as Manifest;
const { contributes } = manifest;

/** Every value of a member of this name, wherever it stands. */
function valuesOf(member: string, node: unknown = contributes): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) =>
    name === member && typeof value === 'string' ? [value] : valuesOf(member, value),
  );
}

const declaredCommands = contributes.commands.map(({ command }) => command);
for (const part of ['commands', 'menus', 'keybindings', 'configuration'] as const)
  if (!isDeepStrictEqual(contributes[part], described[part]))
    problems.push(`${part}: package.json differs from the descriptions in src/extension`);

const views = Object.values(contributes.views)
  .flat()
  .map(({ id }) => id);
compare('view', ['package.json', views], ['the code', usedViews]);
compare(
  'container of views',
  ['views', Object.keys(contributes.views)],
  [
    'viewsContainers',
    Object.values(contributes.viewsContainers)
      .flat()
      .map(({ id }) => id),
  ],
);
for (const { view } of contributes.viewsWelcome)
  if (!views.includes(view)) problems.push(`view ${view}: in viewsWelcome, not in views`);

const settings = contributes.configuration.flatMap(({ properties }) => Object.keys(properties));
compare('setting', ['package.json', settings], ['the code', usedSettings]);
compare(
  'restricted setting',
  ['package.json', manifest.capabilities.untrustedWorkspaces.restrictedConfigurations],
  ['the descriptions', restrictedConfigurations],
);
if (read('docs/settings.md') !== docs) problems.push('docs/settings.md differs from the descriptions');

// Ids that the code, the menus or the texts name.
const nls = readTexts('package.nls.json');
const known = new Set([
  ...[...declaredCommands, ...internalCommands.map((name) => commandId(name))],
  ...[...views, ...settings, ...setKeys, ...views.map((id) => `${id}.focus`)],
]);
const linked = [...Object.values(nls), ...texts.keys()].flatMap((text) =>
  [...text.matchAll(/command:([\w.]+)/g)].map(([, id]) => id ?? ''),
);
const inMenus = [...Object.values(contributes.menus).flat(), ...contributes.keybindings].map(({ command }) => command);
for (const id of new Set([...linked, ...inMenus]))
  if (id.startsWith(`${prefix}.`) && !known.has(id)) problems.push(`${id}: used in a menu or text, but not declared`);

// Keys of `when` clauses, and the flags of a tree item's contextValue that they ask for.
const clauses = [...valuesOf('when'), ...valuesOf('enablement')];
const keys = new Set<string>();
const flags = new Set<string>();
for (const clause of clauses) {
  for (const [, flag = ''] of clause.matchAll(/\/;(\w+);\//g)) flags.add(flag);
  for (const part of clause.split(/&&|\|\|/)) {
    const key = /^[\s!(]*([\w.]+)/.exec(part)?.[1];
    if (key !== undefined && key !== 'false' && key !== 'true') keys.add(key);
  }
}
const completion = JSON.stringify(contributes).matchAll(/"onContext:([\w.]+)/g);
for (const [, key = ''] of completion) keys.add(key);
for (const key of keys)
  if (!key.startsWith(`${prefix}.`) && !ownKeys.has(key)) problems.push(`key ${key}: not a known VS Code key`);
compare('key', ['a when clause', [...keys].filter((key) => key.startsWith(`${prefix}.`))], ['the code', setKeys]);
for (const flag of flags)
  if (![...strings].some((text) => text === flag || text.includes(`;${flag};`)))
    problems.push(`flag ${flag}: used in a when clause, but not in the code`);
for (const [, kind = '', id = ''] of JSON.stringify(contributes).matchAll(/"on(Command|SettingChanged):([\w.]+)"/g))
  if (!(kind === 'Command' ? declaredCommands : settings).includes(id))
    problems.push(`${id}: completes a walkthrough step, but is not declared`);

for (const file of [manifest.icon, ...valuesOf('svg'), ...valuesOf('url'), ...valuesOf('icon')])
  if (!file.startsWith('$(') && !existsSync(join(root, file)))
    problems.push(`file ${file}: in package.json, but missing`);

function placeholders(text: string): string {
  return [...new Set(text.match(/\{\d+\}/g))].sort().join(' ');
}

/** A translation says everything that the English says: each key, each placeholder, each link. */
function compareTranslation(path: string, english: Readonly<Record<string, string>>): void {
  const german = readTexts(path);
  compare('text', ['English', Object.keys(english)], [path, Object.keys(german)]);
  for (const [key, text] of Object.entries(english)) {
    const translated = german[key];
    if (translated === undefined) continue;
    if (translated.trim() === '') problems.push(`${path}: ${key} is empty`);
    if (placeholders(text) !== placeholders(translated)) problems.push(`${path}: ${key} has different placeholders`);
    const links = (each: string): string => [...each.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link).join(' ');
    if (links(text) !== links(translated)) problems.push(`${path}: ${key} has different links`);
  }
}

const bundle = Object.fromEntries([...texts.keys()].sort().map((text) => [text, text]));
if (process.argv.includes('--write'))
  writeFileSync(join(root, 'l10n/bundle.l10n.json'), `${JSON.stringify(bundle, null, 2)}\n`);

compare(
  'text',
  ['package.json', [...manifestText.matchAll(/"%([\w.-]+)%"/g)].map(([, key]) => key ?? '')],
  ['package.nls.json', Object.keys(nls)],
);
for (const [key, text] of Object.entries(nls))
  if (isDescribed(key) && describedTexts[key] !== text)
    problems.push(`${key}: package.nls.json differs from the descriptions in src/extension`);
compareTranslation('package.nls.de.json', nls);
compare('text', ['the code', texts.keys()], ['l10n/bundle.l10n.json', Object.keys(readTexts('l10n/bundle.l10n.json'))]);
compareTranslation('l10n/bundle.l10n.de.json', bundle);

for (const problem of problems) console.error(problem);
if (problems.length > 0)
  console.error(`${problems.length} problems. To fix English texts, run: node scripts/check-manifest.ts --write`);
process.exitCode = problems.length > 0 ? 1 : 0;
