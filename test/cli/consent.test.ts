import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../relay/afterward.ts';
import { until } from '../relay/until.ts';
import { delivery, eachWithOwn, hasTerminal, post, run, terminal, type Callback, type Workplace } from './harness.ts';

describe('What a --config file asks for', function () {
  this.timeout(180_000);
  let place: Workplace;
  let callback: Callback;
  let folder: string;
  const environment = { AUTH: 'Bearer planted', KEY: 'a key that signs' };

  eachWithOwn((own) => ({ place, callback } = own));
  beforeEach(() => (folder = temporaryFolder()));

  function file(content: object): string {
    const path = join(folder, 'config.json');
    writeFileSync(path, JSON.stringify(content));
    return path;
  }

  const withCredentials = (): object => ({
    destinations: [{ url: callback.url, credentialsName: 'own' }],
    credentials: { own: { Authorization: { env: 'AUTH' } } },
  });

  it('sends no environment variable to its URLs before that is allowed', async () => {
    const config = file(withCredentials());
    const recording = join(folder, 'one.cm-recording.jsonl');
    const first = place.listen();
    const { campaignMonitorUrl } = await first.ready();
    await post(campaignMonitorUrl, delivery('jane@example.org'));
    assert.equal((await place.run('record', 'd1', '--out', recording)).code, 0);
    await first.end();
    for (const command of [['listen'], ['listen', '--detach'], ['check'], ['play', recording]]) {
      const line = [...command, '--data-dir', place.dataDir, '--config', config];
      const { code, err } = await run(line, environment);
      assert.match(
        err,
        new RegExp(`AUTH to ${new URL(callback.url).origin}\n {2}Nothing was sent\\. [^\n]*--allow-env`),
      );
      assert.equal(code, 2);
    }
    assert.equal(callback.posts.length, 0);
    const allowed = ['play', recording, '--config', config, '--allow-env'];
    assert.equal((await run([...allowed, '--data-dir', place.dataDir], environment)).code, 0);
    const listening = place.listen(['--config', config, '--allow-env'], environment);
    await post((await listening.ready()).campaignMonitorUrl, delivery('joe@example.org'));
    const posts = await callback.received(2);
    for (const { headers } of posts) assert.equal(headers.authorization, environment.AUTH);
  });

  it('sends what goes to a URL that the user gave, and keys, which stay on this machine', async () => {
    const config = file({
      ...withCredentials(),
      signatureKeys: { mine: { env: 'KEY' } },
      verifyKeys: { platform: { env: 'KEY' } },
    });
    const { code, err } = await run(['check', callback.url, '--config', config, '--only', 'older-shape'], environment);
    assert.equal(code, 0, err);
    assert.equal(callback.posts[0]?.headers.authorization, environment.AUTH);
    const keys = file({
      destinations: [{ url: callback.url, signatureKeyName: 'mine' }],
      signatureKeys: { mine: { env: 'KEY' } },
      verifyKeys: { platform: { env: 'KEY' } },
    });
    await place.listen(['--config', keys], environment).ready();
  });

  for (const [what, tunnel, named] of [
    ['a localtunnel server', { kind: 'localtunnel', host: 'https://hooks.example.org' }, 'https://hooks.example.org'],
    ['an SSH server', { kind: 'ssh', server: 'me@hooks.example.org' }, 'me@hooks.example.org'],
    ['a public URL', { kind: 'fixed', url: 'https://hooks.example.org' }, 'https://hooks.example.org'],
    ['a name of a service', { kind: 'cloudflared', name: 'hooks.example.org' }, 'hooks.example.org'],
  ] as const) {
    it(`uses no tunnel host before that is allowed: ${what}`, async () => {
      const { code, err } = await place.run('listen', '--port', '0', '--config', file({ tunnel }));
      assert.match(err, new RegExp(`${named}\n {2}Nothing was sent\\. [^\n]*--allow-tunnel-host`));
      assert.equal(code, 2);
      // The flag says that there is none.
      await place.listen(['--config', file({ tunnel }), '--tunnel', 'none']).ready();
    });
  }

  it('is asked about in a terminal, once for each content of the file', async function () {
    if (!hasTerminal) this.skip();
    const variables = { ...environment, XDG_STATE_HOME: temporaryFolder(), CM_RELAY_DATA_DIR: place.dataDir };
    const listen = async (answer: string | null): Promise<string> => {
      const shown = terminal(['listen', '--port', '0', '--config', join(folder, 'config.json')], variables);
      try {
        if (answer !== null) {
          await until(() => shown.text.includes('Allow this? [y/N] '), 60_000);
          shown.stdin?.write(`${answer}\n`);
        }
        await until(() => /Press \? for keys|nothing was sent/.test(shown.text), 60_000);
      } finally {
        shown.kill('SIGHUP');
        await until(() => shown.exitCode !== null || shown.signalCode !== null);
      }
      return shown.text;
    };
    file(withCredentials());
    assert.match(await listen('n'), /not allowed: nothing was sent/);
    await listen('y');
    assert.doesNotMatch(await listen(null), /Allow this/);
    file({ ...withCredentials(), retry: 'none' });
    await listen('y');
  });
});
