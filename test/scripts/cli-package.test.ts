import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { packCommandLine, stageCommandLine } from '../../scripts/cli-package.ts';
import { runNpm } from '../npm.ts';
import { afterward, temporaryFolder } from '../relay/afterward.ts';
import { build } from './build.ts';

describe("the command line's npm package", function () {
  this.timeout(120_000);

  it('is installed from its file alone, and works', async () => {
    const staged = join(temporaryFolder(), 'package');
    stageCommandLine(build().folder, staged);
    const packed = await packCommandLine(staged, join(temporaryFolder(), 'not', 'there'));
    const home = temporaryFolder();
    writeFileSync(join(home, 'package.json'), '{ "name": "somebody", "private": true }');
    await runNpm(['install', '--offline', packed], home);

    const own = join(home, 'node_modules', 'campaign-monitor-relay');
    const manifest = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8')) as Record<string, unknown>;
    for (const name of ['private', 'scripts', 'devDependencies', 'dependencies', 'contributes', 'main', 'type']) {
      assert.ok(!(name in manifest), name);
    }
    assert.deepEqual(
      readdirSync(join(home, 'node_modules')).filter((name) => !name.startsWith('.')),
      ['campaign-monitor-relay'],
    );

    const program = join(home, 'node_modules', '.bin', 'cm-relay');
    const environment = { PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`, HOME: home };
    const run = (...args: string[]): string => execFileSync(program, args, { encoding: 'utf8', env: environment });
    assert.equal(run('--version').trim(), manifest['version']);
    const dataDir = join(home, 'data');
    mkdirSync(dataDir, { mode: 0o700 });
    const listening = spawn(program, ['listen', '--json', '--port', '0', '--data-dir', dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: environment,
    });
    afterward(() => listening.kill('SIGKILL'));
    const [ready] = (await once(createInterface(listening.stdout), 'line')) as [string];
    assert.match(ready, /^{"type":"ready"/);
    assert.match(run('trigger', 'subscribe', '--data-dir', dataDir), / 200 in /);
    assert.match(run('events', '--data-dir', dataDir), /^e1 /m);
    listening.kill('SIGTERM');
    assert.deepEqual(await once(listening, 'exit'), [0, null]);
  });

  it('holds every document and schema that its help, its errors and its pages name', () => {
    const staged = join(temporaryFolder(), 'package');
    stageCommandLine(build().folder, staged);
    const bundles = ['cm-relay.js', 'cm-relay-mcp.js'].map((name) => readFileSync(join(staged, 'dist', name), 'utf8'));
    const named = new Set(bundles.join('\n').match(/\b(?:docs|media)\/[\w.-]+\.(?:md|json)\b/g));
    assert.ok(named.has('docs/scenarios.md') && named.has('docs/check.md'), [...named].join(' '));
    for (const file of named) assert.ok(existsSync(join(staged, file)), file);
    // Those that cli.md sends its reader to, with what they need to be followed.
    const cli = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
    for (const [, page = ''] of cli.matchAll(/\]\(([\w.-]+)(?:#[^)]*)?\)/g)) {
      assert.ok(existsSync(join(staged, 'docs', page)), page);
    }
    const scenarios = readFileSync(join(staged, 'docs', 'scenarios.md'), 'utf8');
    assert.match(scenarios, /\]\(\.\.\/media\/cm-scenario\.schema\.json\)/);
    const own = JSON.parse(readFileSync(join(staged, 'package.json'), 'utf8')) as { files: string[] };
    for (const file of named) {
      assert.ok(
        own.files.some((each) => each === file || file.startsWith(`${each}/`)),
        file,
      );
    }
  });

  it('tells nothing that only a clone has, and names no file that is not in it', () => {
    const staged = join(temporaryFolder(), 'package');
    stageCommandLine(build().folder, staged);
    const readme = readFileSync(join(staged, 'README.md'), 'utf8');
    assert.doesNotMatch(readme, /npm (?:ci|start|test|run)|In a clone|<!--|!\[/);
    assert.match(readme, /cm-relay listen 3000\/hook/);
    assert.match(readme, /\]\(docs\/cli\.md\)/);
    for (const page of ['README.md', ...readdirSync(join(staged, 'docs')).map((name) => join('docs', name))]) {
      if (!page.endsWith('.md')) continue;
      const text = readFileSync(join(staged, page), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\((?!https:|#)([^)#]+)/g)) {
        assert.ok(existsSync(join(staged, dirname(page), target)), `${page}: ${target}`);
      }
    }
  });
});
