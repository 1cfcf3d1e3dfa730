import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { packedProgram } from '../packed.ts';

const page = readFileSync(new URL('../../docs/ci.md', import.meta.url), 'utf8');
const program = packedProgram();

/** The one block of the page in a language. */
function block(language: string): string {
  const [, text = ''] = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'm').exec(page) ?? [];
  assert.notEqual(text, '', language);
  return text;
}

/** The scripts of the steps of a workflow, in their order, and the environment of its job. */
function workflow(yaml: string): { readonly env: Record<string, string>; readonly scripts: string[] } {
  const lines = yaml.split('\n');
  const indent = (line: string): number => line.length - line.trimStart().length;
  /** The lines below one, as far as they are indented more. */
  const below = (index: number): string[] => {
    const own = indent(lines[index] ?? '');
    const rest = lines.slice(index + 1);
    const end = rest.findIndex((line) => line.trim() !== '' && indent(line) <= own);
    return rest.slice(0, end === -1 ? undefined : end);
  };
  const scripts = lines.flatMap((line, index) => {
    const [, script] = /^ +(?:- )?run: (.*)$/.exec(line) ?? [];
    return script === undefined ? [] : [script === '|' ? below(index).join('\n') : script];
  });
  const env = below(lines.indexOf('    env:')).flatMap((line) => {
    const [, name, value] = /^ +(\w+): (.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  return { env: Object.fromEntries(env), scripts };
}

describe('The workflow of docs/ci.md', function () {
  this.timeout(180_000);
  let folder: string;
  let started: number | undefined;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'cm-relay-ci-'))));
  afterEach(() => {
    // The machine of a job ends with it, and with it what the job has left running.
    if (started !== undefined) process.kill(-started);
    const ready = readFileSync(join(folder, 'log'), 'utf8').matchAll(/background \(process (\d+)/g);
    for (const [, pid] of ready) {
      try {
        process.kill(Number(pid));
      } catch {
        // The workflow has ended it.
      }
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it('runs step by step, with this CLI', async () => {
    // Of the machine only what may be taken is another: the ports. npm, which would install the package, does nothing.
    const ports = new Map([
      ['3000', String(await freePort())],
      ['9000', String(await freePort())],
    ]);
    const onThisMachine = (text: string): string =>
      text.replace(/\b(?:3000|9000)\b/g, (port) => ports.get(port) ?? port);
    const { env, scripts } = workflow(onThisMachine(block('yaml')));
    assert.equal(scripts.length, 7);
    writeFileSync(join(folder, 'callback.mjs'), onThisMachine(block('js')));
    mkdirSync(join(folder, 'node_modules', '.bin'), { recursive: true });
    mkdirSync(join(folder, 'stand-ins'));
    const node = `'${process.execPath}'`;
    for (const [file, text] of [
      ['node_modules/.bin/cm-relay', `exec ${node} '${program}' "$@"`],
      ['stand-ins/npm', 'exit 0'],
    ] as const) {
      writeFileSync(join(folder, file), `#!/bin/sh\n${text}\n`);
      chmodSync(join(folder, file), 0o755);
    }
    const added = join(folder, 'github-path');
    const log = openSync(join(folder, 'log'), 'a');
    // All steps in one group of processes, as on the machine of a job, whose background outlives the steps.
    let failed = '';
    for (const script of scripts) {
      const path = existsSync(added) ? readFileSync(added, 'utf8').trim().split('\n') : [];
      const child = spawn('bash', ['-eo', 'pipefail', '-c', script], {
        cwd: folder,
        detached: true,
        stdio: ['ignore', log, log],
        env: {
          ...env,
          PATH: [...path.reverse(), join(folder, 'stand-ins'), process.env['PATH']].join(':'),
          HOME: folder,
          GITHUB_PATH: added,
          XDG_RUNTIME_DIR: process.env['XDG_RUNTIME_DIR'],
        },
      });
      const [code] = (await once(child, 'exit')) as [number | null];
      if (script.includes('callback.mjs')) started = child.pid;
      if (code !== 0) failed ||= `${code}: ${script}`;
    }
    closeSync(log);
    const said = readFileSync(join(folder, 'log'), 'utf8');
    assert.equal(failed, '', said);
    // Whoever reads the log of a public job may not post to the relay: what GitHub is told to mask comes first.
    const remembered = readFileSync(join(folder, '.local/state/cm-relay/relay.json'), 'utf8');
    const { secret } = JSON.parse(remembered) as { secret: string };
    const [line = ''] = said.split('\n').filter((each) => each.includes(secret));
    assert.equal(line, `::add-mask::${secret}`);
    const callback = readFileSync(join(folder, 'callback.log'), 'utf8').trim().split('\n');
    assert.equal(callback.filter((line) => /^new .*: 20 events$/.test(line)).length, 50);
    assert.equal(callback.filter((line) => line.startsWith('again ')).length, 2, said);
    assert.match(said, /Relay stopped\.\nSandbox on port \d+ stopped\.\n$/);
  });
});
