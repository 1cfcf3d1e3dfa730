/** What can be held, without desktop VS Code and Docker, of what F5, the tasks and the dev container do. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultPort } from '../../src/cli/connection.ts';
import { folderCounts } from '../../src/extension/folder-rules.ts';
import type { SettingName } from '../../src/extension/settings.ts';
import { itLong } from '../long.ts';
import { runProgram } from '../npm.ts';
import { temporaryFolder } from '../relay/afterward.ts';
import { root } from './build.ts';

interface LaunchConfiguration {
  readonly name: string;
  readonly type: string;
  readonly args?: readonly string[];
  readonly program?: string;
  readonly runtimeExecutable?: string;
  readonly runtimeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly preLaunchTask?: string;
}

interface Task {
  readonly label: string;
  readonly type: string;
  readonly command?: string;
  readonly script?: string;
}

/** Reads JSON whose comments, if any, are lines of their own. */
function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(root, path), 'utf8').replaceAll(/^\s*\/\/.*$/gm, ''));
}

const manifest = readJson('package.json') as {
  readonly main: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly contributes: { readonly configuration: readonly { readonly properties: object }[] };
};
const { configurations } = readJson('.vscode/launch.json') as {
  readonly configurations: readonly LaunchConfiguration[];
};
const { tasks } = readJson('.vscode/tasks.json') as { readonly tasks: readonly Task[] };
/** The folder that F5 opens. */
const example = 'examples/first-callback';
const { configurations: ofExample } = readJson(`${example}/.vscode/launch.json`) as {
  readonly configurations: readonly LaunchConfiguration[];
};
const settings = readJson(`${example}/.vscode/settings.json`) as Readonly<Record<string, unknown>>;
const [{ url: destination }] = settings['campaignMonitorRelay.destinations'] as [{ readonly url: string }];

/** The paths in the workspace that a configuration names. */
function pathsIn(configuration: LaunchConfiguration): string[] {
  const texts = [configuration.program ?? '', ...(configuration.args ?? []), ...(configuration.runtimeArgs ?? [])];
  return texts.flatMap((text) => /\$\{workspaceFolder\}\/?(.*)$/.exec(text)?.slice(1) ?? []);
}

describe('F5', () => {
  it('builds, and opens the extension and the folder of the example', () => {
    const [first] = configurations;
    assert.equal(first?.type, 'extensionHost');
    assert.deepEqual(pathsIn(first), ['', example]);
    const task = tasks.find(({ label }) => label === first.preLaunchTask);
    assert.equal(task?.command, 'npm run build -- --source-maps');
    assert.ok(manifest.main.startsWith('./dist/extension/') && manifest.main.endsWith('.mjs'));
  });

  it('names tasks, npm scripts and files that exist', () => {
    for (const { preLaunchTask } of [...configurations, ...ofExample]) {
      if (preLaunchTask !== undefined)
        assert.ok(
          tasks.some(({ label }) => label === preLaunchTask),
          preLaunchTask,
        );
    }
    for (const { type, command, script } of tasks) {
      const named = type === 'npm' ? script : /^npm run (\S+)/.exec(command ?? '')?.[1];
      assert.ok(named !== undefined && Object.hasOwn(manifest.scripts, named), named);
    }
    for (const configuration of configurations) {
      for (const path of pathsIn(configuration)) assert.ok(existsSync(join(root, path)), path);
    }
    for (const configuration of ofExample) {
      for (const path of pathsIn(configuration)) assert.ok(existsSync(join(root, example, path)), path);
    }
  });

  it('runs the specs of the open file by mocha as npm finds it, those in windows with their own configuration', () => {
    const specs = configurations.filter(({ runtimeArgs }) => runtimeArgs?.includes('${relativeFile}') === true);
    assert.deepEqual(
      specs.map(({ runtimeExecutable, runtimeArgs }) => [runtimeExecutable, ...(runtimeArgs ?? []).slice(0, 3)]),
      specs.map(() => ['npm', 'exec', '--', 'mocha']),
    );
    assert.ok('mocha' in manifest.devDependencies);
    const configFiles = specs.map(({ runtimeArgs = [] }) =>
      runtimeArgs.includes('--config') ? runtimeArgs[runtimeArgs.indexOf('--config') + 1] : undefined,
    );
    assert.deepEqual(configFiles, [undefined, 'test/workbench/.mocharc.json']);
    assert.ok(existsSync(join(root, 'test/workbench/.mocharc.json')));
  });

  it('opens a folder whose settings count there, and whose callback listens where they send', () => {
    const known = new Set(manifest.contributes.configuration.flatMap(({ properties }) => Object.keys(properties)));
    const prefix = 'campaignMonitorRelay.';
    for (const name of Object.keys(settings).filter((each) => each.startsWith(prefix))) {
      assert.ok(known.has(name), name);
      assert.ok(folderCounts(name.slice(prefix.length) as SettingName, true), name);
    }
    assert.deepEqual(
      ofExample.map(({ type, env }) => [type, env?.['PORT']]),
      [['node', new URL(destination).port]],
    );
  });

  itLong('builds with maps to the sources of the extension', async () => {
    const dist = join(temporaryFolder(), 'dist');
    await runProgram(process.execPath, ['esbuild.mjs', '--source-maps', dist], root);
    const map = JSON.parse(readFileSync(join(dist, 'extension', 'extension.mjs.map'), 'utf8')) as { sources: string[] };
    assert.ok(map.sources.some((source) => source.endsWith('src/extension/extension.ts')));
  });
});

describe('The dev container', () => {
  const text = readFileSync(join(root, '.devcontainer/devcontainer.json'), 'utf8');
  const container = readJson('.devcontainer/devcontainer.json') as {
    readonly image: string;
    readonly remoteUser: string;
    readonly postCreateCommand: string;
    readonly forwardPorts: readonly number[];
  };

  it('installs, names the two commands, and forwards the ports of the relay and of the callback', () => {
    assert.equal(container.postCreateCommand, 'npm ci');
    for (const command of ['start', 'test']) {
      assert.ok(text.includes(`\`npm ${command}\``), command);
      assert.ok(Object.hasOwn(manifest.scripts, command), command);
    }
    assert.deepEqual(container.forwardPorts, [defaultPort, Number(new URL(destination).port)]);
  });
});
