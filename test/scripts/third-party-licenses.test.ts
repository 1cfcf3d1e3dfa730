import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build as bundle } from 'esbuild';
import { bundledOf, bundledPackages } from '../../scripts/bundled.ts';
import { LicenseError, licensesFile, thirdPartyLicenses } from '../../scripts/third-party-licenses.ts';
import { temporaryFolder } from '../relay/afterward.ts';
import { build, root } from './build.ts';

/** A project with a program that uses packages, each with the files of its own. */
function projectWith(
  packages: Readonly<Record<string, { license?: unknown; files?: Record<string, string> }>>,
): string {
  const folder = temporaryFolder();
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const [name, { license, files = {} }] of Object.entries(packages)) {
    const repository = { url: `git+https://github.com/somebody/${name}.git` };
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.2.3', license, repository }));
    write(`node_modules/${name}/index.js`, `export const it = ${JSON.stringify(name)};`);
    for (const [file, text] of Object.entries(files)) write(`node_modules/${name}/${file}`, text);
  }
  const names = Object.keys(packages);
  write('main.js', names.map((name, i) => `import { it as it${i} } from '${name}'; console.log(it${i});`).join('\n'));
  return folder;
}

async function licensesOf(folder: string): Promise<string> {
  const { metafile } = await bundle({
    absWorkingDir: folder,
    entryPoints: ['main.js'],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
  });
  return thirdPartyLicenses(bundledPackages(folder, bundledOf({ 'main.js': [metafile] })));
}

describe('The licenses of what is bundled', function () {
  this.timeout(60_000);

  it('stand in one file with name, version, license, source and text of every package', () => {
    const { folder, bundled } = build();
    const text = readFileSync(join(folder, licensesFile), 'utf8');
    for (const path of Object.keys(bundled)) {
      const { name, version, license } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')) as {
        name: string;
        version: string;
        license: string;
      };
      const [, section = ''] = text.split(`\n${name} ${version} (${license})\n`);
      assert.match(
        section,
        /^https:\/\/\S+\nIn: (?:(?:cm-relay\.js|cm-relay-mcp\.js|extension|(?:check|editor|form|table)\.js)(?:, )?)+\n\n/,
        path,
      );
      assert.match(section.slice(0, 1500), /Copyright|Blue Oak Model License/i, path);
    }
    // What docs/dependencies.md says is in the bundles, and what is inside one of them.
    const direct = ['express', 'zod', 'undici', 'vscode-jsonrpc', 'sax', 'temporal-polyfill', 'commander', 'lit-html'];
    for (const name of [...direct, '@vscode-elements/elements', 'router/node_modules/path-to-regexp']) {
      assert.ok(bundled[`node_modules/${name}`] !== undefined, name);
    }
    // Its library holds ajv without naming it.
    assert.doesNotMatch(readFileSync(join(folder, 'cm-relay-mcp.js'), 'utf8'), /\bajv\b/i);
    for (const inside of ['llhttp', 'ws']) assert.ok(text.includes(`\n${inside}, inside undici (MIT)\n`), inside);
  });

  it('are of packages that are named as what needs them, and of none for development', () => {
    const { bundled } = build();
    assert.ok(Object.keys(bundled).length > 50);
    for (const tool of ['esbuild', 'mocha', 'oxlint', 'localtunnel', 'axios', 'supports-color']) {
      assert.equal(bundled[`node_modules/${tool}`], undefined, tool);
    }
    assert.deepEqual(bundled['node_modules/commander'], ['cm-relay.js']);
    assert.deepEqual(bundled['node_modules/@modelcontextprotocol/server'], ['cm-relay-mcp.js']);
    assert.deepEqual(bundled['node_modules/vscode-jsonrpc'], ['cm-relay.js', 'extension']);
  });

  it('are not made where a package has no text, or a license that is not known to permit it', async () => {
    const refused: [string, { license?: unknown; files?: Record<string, string> }, RegExp][] = [
      ['no-text', { license: 'MIT' }, /node_modules\/no-text: it has no license text/],
      ['empty-text', { license: 'MIT', files: { LICENSE: ' \n' } }, /empty-text: it has no license text/],
      ['notice-alone', { license: 'Apache-2.0', files: { NOTICE: 'x' } }, /notice-alone: it has no license text/],
      [
        'gpl',
        { license: 'GPL-3.0-only', files: { LICENSE: 'x' } },
        /gpl: its license, GPL-3\.0-only, is not permitted/,
      ],
      [
        'both',
        { license: '(MIT AND GPL-2.0-only)', files: { LICENSE: 'x' } },
        /both: its license, .+, is not permitted/,
      ],
      ['silent', { files: { LICENSE: 'x' } }, /silent: its license, of which it says nothing, is not permitted/],
      ['old', { license: { type: 'MIT' }, files: { LICENSE: 'x' } }, /old: its license, of which it says nothing/],
      ['see', { license: 'SEE LICENSE IN x', files: { LICENSE: 'x' } }, /see: its license, SEE LICENSE IN x,/],
    ];
    for (const [name, own, why] of refused) {
      const folder = projectWith({ [name]: own, fine: { license: 'ISC', files: { LICENSE: 'text' } } });
      await assert.rejects(licensesOf(folder), (error) => {
        assert.ok(error instanceof LicenseError);
        assert.match(error.message, why);
        assert.doesNotMatch(error.message, /fine/);
        return true;
      });
    }
  });

  it('hold license and notice, by whatever name of the file, where one of a choice is permitted', async () => {
    const text = await licensesOf(
      projectWith({
        choice: {
          license: '(GPL-2.0-only OR MIT)',
          files: { 'license.md': 'the license\r\nof two lines', NOTICE: 'the notice' },
        },
        old: { license: '0BSD', files: { 'LICENSE-MIT': 'an old one' } },
      }),
    );
    assert.ok(text.includes('choice 1.2.3 ((GPL-2.0-only OR MIT))\nhttps://github.com/somebody/choice\nIn: main.js\n'));
    assert.ok(text.includes('the notice\n\nthe license\nof two lines\n'));
    assert.ok(text.includes('an old one'));
  });
});
