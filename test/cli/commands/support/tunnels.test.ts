import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../harness.ts';

describe('cm-relay tunnels', function () {
  this.timeout(60_000);
  let programs: string;

  before(function () {
    // The program is a script that only a Unix system runs by its first line.
    if (process.platform === 'win32') this.skip();
  });
  beforeEach(() => (programs = mkdtempSync(join(tmpdir(), 'cm-relay-tunnels-'))));
  afterEach(() => rmSync(programs, { recursive: true }));

  it('says of each what is installed, signed in, stable, and what it costs', async () => {
    const path = join(programs, 'devtunnel');
    writeFileSync(path, `#!/bin/sh\necho 'Not logged in.'\n`, { mode: 0o755 });
    const text = await run(['tunnels'], { PATH: programs });
    assert.deepEqual([text.code, text.err], [0, '']);
    assert.match(
      text.out,
      /^TUNNEL +INSTALLED +SIGNED IN +SAME URL +COST\ndevtunnel +yes +no +with a name +free with an account\n/,
    );
    assert.match(text.out, /\nlocaltunnel +built in +not needed /);
    assert.match(text.out, /\ndevtunnel: to sign in, run devtunnel user login\n/);
    assert.match(text.out, /\nngrok: to install it, see https:\/\/ngrok\.com\/download\n/);
    assert.match(text.out, /\nlocaltunnel: the public server is often down/);
    const json = await run(['tunnels', '--json'], { PATH: programs });
    const [first] = JSON.parse(json.out) as object[];
    assert.deepEqual(first, {
      ...{ name: 'devtunnel', installed: { path }, signedIn: 'no', stable: 'with-name', cost: 'free-account' },
      ...{ obstacles: ['browser-warning'], signIn: 'devtunnel user login' },
      install: 'https://learn.microsoft.com/azure/developer/dev-tunnels/get-started',
    });
  });

  it('leads from a tunnel that needs more to the flag', async () => {
    for (const [args, said] of [
      [['--tunnel', 'ssh'], /ssh needs your SSH server[^]*"--tunnel-server"/],
      [['--tunnel', 'command', '--tunnel-command', '{}'], /program: is missing; args: is missing; url: is missing/],
      [['--tunnel', 'command'], /--tunnel command requires --tunnel-command[^]*cm-relay tunnels/],
      [['--tunnel', 'command', '--tunnel-command', '{'], /--tunnel-command[^]*not valid JSON/],
      [
        [
          '--tunnel',
          'command',
          '--tunnel-command',
          '{"program":"x","args":["{nothing}"],"url":{"from":"name","ready":"x"}}',
        ],
        /unknown placeholder/,
      ],
    ] as const) {
      const dataDir = mkdtempSync(join(programs, 'data-'));
      const { code, err } = await run(['listen', '--data-dir', dataDir, '--port', '0', '--detach', ...args]);
      assert.notEqual(code, 0);
      assert.match(err, said);
    }
  });
});
