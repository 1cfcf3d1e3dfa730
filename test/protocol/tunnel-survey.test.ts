import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { surveyTunnels, type SurveyedTunnel } from '../../src/protocol/tunnel-survey.ts';

describe('The tunnels of a machine', function () {
  let folder: string;

  before(function () {
    // The programs are scripts that only a Unix system runs by their first line.
    if (process.platform === 'win32') this.skip();
  });
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'cm-relay-survey-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  function install(name: string, output: string): string {
    const path = join(folder, name);
    // The environment is told, so that the spec sees what of it came through.
    writeFileSync(path, `#!/bin/sh\nprintf '%s' '${output}'\nprintf '%s' "$PLANTED_KEY" > "$0.env"\n`, { mode: 0o755 });
    return path;
  }
  const survey = async (): Promise<ReadonlyMap<string, SurveyedTunnel>> => {
    const all = await surveyTunnels({ environment: { PATH: folder, PLANTED_KEY: 'planted' } });
    return new Map(all.map((each) => [each.name, each]));
  };

  it('say who is signed in, as their programs tell it', async () => {
    // As in tunnel-presets.ts, from the pages and files that it names.
    const path = install('devtunnel', 'Logged in as jane using GitHub.\n');
    install('tailscale', '{\n  "Version": "1.80.0",\n  "BackendState": "NeedsLogin"\n}\n');
    install('zrok2', '│ Account Token │ <<SET>>  │\n│ EnvZId        │ <<SET>>  │\n');
    install('ngrok', '');
    install('cloudflared', '');
    const all = await survey();
    assert.deepEqual(all.get('devtunnel')?.installed, { path });
    assert.deepEqual(
      ['devtunnel', 'tailscale', 'zrok2', 'ngrok', 'cloudflared'].map((name) => all.get(name)?.signedIn),
      ['yes', 'no', 'yes', 'unknown', 'not-needed'],
    );
    install('devtunnel', 'Not logged in.\n');
    install('zrok2', '│ Account Token │ <<UNSET>> │\n');
    const then = await survey();
    assert.deepEqual(
      ['devtunnel', 'zrok2'].map((name) => then.get(name)?.signedIn),
      ['no', 'no'],
    );
  });

  it('get nothing of the environment that is there for others', async () => {
    const path = install('devtunnel', 'Logged in as jane');
    await survey();
    assert.equal(readFileSync(`${path}.env`, 'utf8'), '');
  });
});
