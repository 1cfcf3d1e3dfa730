/**
 * What a machine can hold of the English that a person reads in VS Code: docs/architecture.md says what the rest is read
 * against, the Microsoft Writing Style Guide.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const read = (path: string): Readonly<Record<string, string>> =>
  JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')) as Readonly<Record<string, string>>;
const manifest = Object.entries(read('package.nls.json'));
/** By the key of package.nls.json, or by itself. */
const texts: readonly (readonly [string, string])[] = [
  ...manifest,
  ...Object.keys(read('l10n/bundle.l10n.json')).map((text) => [text, text] as const),
];

/** A text as it is read: without icons, the targets of links, code and what stands in quotes. */
function asRead(text: string): string {
  return text
    .replaceAll(/\$\([\w-]+\)\s*/g, '')
    .replaceAll(/\]\([^)]*\)/g, ']')
    .replaceAll(/`[^`]*`|“[^”]*”|"[^"]*"|\{[^{}]*[^\d{}][^{}]*\}/g, '…');
}

/** Forms that readers stumble over, and what is written in their place. */
const banned: readonly (readonly [RegExp, string])[] = [
  [/\b(?:she|her|hers|he|his)\b/i, 'the user is “you”'],
  [/\b(?:replay\w*|sen[dt]s? (?:it |them |once )?(?:again|anew))\b/i, 'resend'],
  [/\bdrop(?:s|ped|ping)?\b/i, 'discard'],
  [/\bprobes?\b(?!-)/i, 'count'],
  [/\bsent by hand\b/i, 'edited and resent'],
  [/\bgo(?:es|ing)? on\b/i, 'continue, resume, keep'],
  [/\b(?:as it came|came in|comes? in|what (?:comes|came|goes|waits|has come))\b/i, 'events, received'],
  [/\bwhat became of\b|\bhow (?:it|they) fares?\b/i, 'name the thing'],
  [/\b(?:is|are) to be\b/i, 'a verb: choose …'],
  [/\bso many\b/i, 'a number, or N'],
  [/\bof yours\b|\bof (?:your|its) own\b/i, 'your …'],
  [/\b(?:anew|afresh|behind (?:the|its|them)|aright|meanwhile|all the same|thereof|whereof)\b/i, 'a common word'],
  [/\b(?:anybody|somebody|nobody)\b/i, 'anyone, someone, no one'],
  [/\bmend(?:s|ed)?\b/i, 'fix'],
  [/\blook(?:s|ed)? (?:whether|who|which|at whether)\b/i, 'check'],
  [/\bit is no\b|\bis no (?:URL|host|JSON|file|delivery|recording|filter|text|list ID)\b/i, 'isn’t a …'],
  [/\bno document (?:says|promises|settles)\b/i, 'undocumented'],
  [/\bdoes it not\b|\bsee to it\b|\bone right\b/i, 'if not, …'],
  [/\b(?:does|do|did|is|are|was|were|has|have|could|would|should) not\b|\bcannot\b/i, 'a contraction: isn’t, can’t'],
  [/\b(?:please|simply|just click|click on|e\.g\.|i\.e\.|etc\.)/i, 'nothing, for example, and so on'],
  [/^What is\b[^?]*$/i, 'a noun'],
  [/\bWhere .*, (?:it|the|that|what|who)\b/, 'if …'],
];

/** Names, which keep their capitals in a sentence. */
const names = new Set(
  [
    'Campaign Monitor Relay Open Connectors VS Code Microsoft SAP Cloudflare Tailscale Node JavaScript TypeScript Express Latin',
    'Debug Console My Handler Attempts Answers Manage Keys Secrets Restricted Mode Every Event Discard All Waiting Start',
    'Fresh Release Keep Choose Events Destinations Instances Webhooks Workspaces Workspace Trust Model Context Protocol',
    'Tunnel Url Host Subscribe Update Deactivate Europe Berlin Cyrillic Debian Press Enter Alt+Left Alt+Right Ids',
    'Account Lists Name EmailAddress OldEmailAddress CustomFields Sandbox Alt Left Right To',
  ].flatMap((line) => line.split(' ')),
);
/** Small words within a title, as VS Code has them; and names that are written small. */
const small = new Set(
  'a an and as at but by for from in of on or the to with cm-relay cURL cURL… .http to… by… as… not'.split(' '),
);

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => /\p{L}/u.test(word));
}

describe('The English of VS Code', () => {
  it('has none of the forms that readers stumble over', () => {
    const found = texts.flatMap(([key, text]) =>
      banned.filter(([form]) => form.test(asRead(text))).map(([form, better]) => `${key}: ${form.source} (${better})`),
    );
    assert.deepEqual(found, []);
  });

  it('is short: by kind, and by the sentence', () => {
    const longest = (key: string, text: string): number => {
      if (/^(?:command|submenu|view)\./.test(key)) return 45;
      if (key === text && !/[.?!…:]$|\. /.test(text)) return 160;
      return 420;
    };
    const found = texts.flatMap(([key, text]) => {
      const said = asRead(text);
      const long = said.length > longest(key, text) ? [`${key}: ${said.length} characters`] : [];
      const sentences = said.split(/[.?!:;]\s|\n/).filter((sentence) => wordsOf(sentence).length > 32);
      return [...long, ...sentences.map((sentence) => `${key}: a sentence of ${wordsOf(sentence).length} words`)];
    });
    assert.deepEqual(found, []);
  });

  it('has commands, menus and views in title case', () => {
    const found = manifest
      .filter(([key]) => /^(?:command|submenu|view|container)\b/.test(key))
      .filter(([, text]) =>
        wordsOf(text).some((word, index) => !/^[\p{Lu}\d]/u.test(word) && (index === 0 || !small.has(word))),
      );
    assert.deepEqual(found, []);
  });

  it('has sentences in sentence case', () => {
    // The titles of commands of two words or more stand in sentences as they are.
    const titles = manifest
      .filter(([key, text]) => key.startsWith('command.') && text.includes(' '))
      .map(([, text]) => text.replace(/…$/, ''));
    const found = texts.flatMap(([key, text]) =>
      titles
        .reduce((said, title) => said.replaceAll(title, 'that'), asRead(text))
        .replaceAll(/\[[^\]]*\]|\*\*[^*]*\*\*/g, '…')
        .split(/(?<=[.?!:])\s+|\n|…/)
        .filter((sentence) => /[.?]$/.test(sentence) && wordsOf(sentence).length >= 4)
        .flatMap((sentence) =>
          wordsOf(sentence)
            .slice(1)
            .map((word) => word.replaceAll(/^[(“'‘]+|[)”'’.,;:?!…]+$|’s\b.*$/gu, ''))
            .filter((word) => /^\p{Lu}\p{Ll}+$/u.test(word) && !names.has(word))
            .map((word) => `${key}: ${word}`),
        ),
    );
    assert.deepEqual(found, []);
  });

  it('ends no label with a full stop, and every sentence of several', () => {
    const found = manifest
      .filter(([key]) => /^(?:command|submenu|view)\./.test(key) && !key.endsWith('.description'))
      .filter(([, text]) => text.endsWith('.'));
    assert.deepEqual(found, []);
  });
});
