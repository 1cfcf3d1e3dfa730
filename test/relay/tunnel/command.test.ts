import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Agent } from 'undici';
import { cleanEnvironment } from '../../../src/common/programs/bounded-output.ts';
import { tunnelConfigSchema, type TunnelConfig } from '../../../src/protocol/settings.ts';
import { presetOf, type TunnelPreset } from '../../../src/protocol/tunnel-presets.ts';
import { withWords } from '../../../src/relay/tunnel/program-log.ts';
import { tunnelStatusSchema } from '../../../src/protocol/status.ts';
import { spoken, words } from '../../../src/common/words.ts';
import { dispatcherTo, LocalEndpoint, portOf, secret, Watched } from './stage.ts';

/** What cloudflared 2024 logs to standard error, from logs that its users posted. */
const cloudflaredBanner = [
  'INF Thank you for trying Cloudflare Tunnel. Doing so, without a Cloudflare account, is a quick way to experiment and try it out. However, be aware that these account-less Tunnels have no uptime guarantee: https://developers.cloudflare.com/cloudflare-one/connections/connect-apps',
  'INF Requesting new quick Tunnel on trycloudflare.com...',
];

/** A preset's tunnel, as a client sets it. */
function preset(kind: TunnelPreset, facts: object): TunnelConfig {
  return tunnelConfigSchema.parse({ kind, ...facts });
}

describe('a tunnel by an installed program', function () {
  let folder: string;
  let endpoint: LocalEndpoint;
  let watched: Watched;
  let dispatcher: Agent;
  /** Each program under test connects here while it lives. */
  let lifeline: Server;
  let lives: Socket[];

  before(function () {
    // The programs are scripts that only a Unix system runs by their first line.
    if (process.platform === 'win32') this.skip();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cm-relay-tunnel-'));
    endpoint = await LocalEndpoint.open();
    dispatcher = dispatcherTo(() => endpoint.port);
    lives = [];
    lifeline = createServer((socket) => void lives.push(socket.on('error', () => undefined).resume()));
    lifeline.listen(0, '127.0.0.1');
    await once(lifeline, 'listening');
    watched = new Watched({ localPort: endpoint.port, dispatcher });
  });
  afterEach(async () => {
    await watched.supervisor.close();
    for (const socket of lives) if (!socket.closed) await once(socket, 'close');
    await new Promise((resolve) => lifeline.close(resolve));
    await dispatcher.destroy();
    await endpoint.close();
    await rm(folder, { recursive: true });
    for (const status of watched.statuses) tunnelStatusSchema.parse(status);
    assert.ok(!watched.said.includes(secret), 'the secret path is told');
  });

  /** Writes a program that connects to the lifeline, records its arguments and then does what `body` says. */
  async function program(name: string, body: string): Promise<string> {
    const path = join(folder, name);
    const text = `#!${process.execPath}
const { appendFileSync } = require('node:fs');
const args = process.argv.slice(2);
appendFileSync(__filename + '.args', JSON.stringify(args) + '\\n');
appendFileSync(__filename + '.pid', process.pid + '\\n');
const say = (lines) => { for (const line of lines) process.stderr.write('2024-05-01T10:00:00Z ' + line + '\\n'); };
// As RunQuickTunnel of cloudflared's quick_tunnel.go logs it, a box with two spaces beside each line.
const quick = (name) => {
  const visit = 'Your quick Tunnel has been created! Visit it at (it may take some time to be reachable):';
  const line = '+' + '-'.repeat(visit.length + 4) + '+';
  const inBox = (text) => '|  ' + text.padEnd(visit.length) + '  |';
  say([line, inBox(visit), inBox('https://' + name + '.trycloudflare.com'), line].map((each) => 'INF ' + each));
};
const log = (entry) => process.stdout.write(JSON.stringify({ t: '2024-05-01T10:00:00Z', ...entry }) + '\\n');
const life = require('node:net').connect(${portOf(lifeline)}, '127.0.0.1', () => {
${body}
});
life.on('error', () => {});
`;
    await writeFile(path, text, { mode: 0o755 });
    return path;
  }
  /** Writes a script that runs a program as many installers do: by another process than its own. */
  async function wrapperOf(path: string): Promise<string> {
    const text = `#!/bin/sh\necho $$ >> "$0.pid"\n"${path}" "$@"\nexit $?\n`;
    await writeFile(`${path}.sh`, text, { mode: 0o755 });
    return `${path}.sh`;
  }
  const argsOf = async (path: string): Promise<string[][]> =>
    (await readFile(`${path}.args`, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as string[]);

  describe('cloudflared', () => {
    it('opens with the URL in its output, and is gone after close', async () => {
      const path = await program(
        'cloudflared',
        `say(${JSON.stringify(cloudflaredBanner)}); quick('quick-brown-fox-jumps');`,
      );
      watched.supervisor.open(preset('cloudflared', { path }));
      const status = await watched.until('open');
      assert.equal(status.url, 'https://quick-brown-fox-jumps.trycloudflare.com');
      assert.deepEqual(await argsOf(path), [
        ['tunnel', '--config', devNull, '--no-autoupdate', '--url', `http://127.0.0.1:${endpoint.port}`],
      ]);
      const gone = once(lives[0]!, 'close');
      await watched.supervisor.close();
      await gone;
    });

    it('asks no port of this machine for its URL, and takes none that is told elsewhere in its output', async () => {
      const path = await program(
        'cloudflared',
        `say(['ERR Request failed dest=https://stranger.trycloudflare.com/ |  https://stranger.trycloudflare.com  |']);
         const at = args.indexOf('--metrics');
         if (at !== -1) require('node:http').createServer((_, res) => res.end('{"hostname":"stranger.trycloudflare.com"}'))
           .listen(Number(args[at + 1].split(':')[1]), '127.0.0.1', () => setTimeout(() => quick('own-one'), 1000));
         else quick('own-one');`,
      );
      watched.supervisor.open(preset('cloudflared', { path }));
      assert.equal((await watched.until('open')).url, 'https://own-one.trycloudflare.com');
    });

    it('leads here though the user has a configuration of their own, whose rules would win over --url', async () => {
      // As cloudflared reads it: a file that is named, else the user's own, and an empty one is said to be an error.
      const path = await program(
        'cloudflared',
        `const { readFileSync } = require('node:fs');
         const at = args.indexOf('--config');
         const rules = at === -1 ? 'those of the user' : readFileSync(args[at + 1], 'utf8');
         if (rules === '') say(['ERR Configuration file ' + args[at + 1] + ' was empty']);
         quick(rules === '' ? 'leads-here' : 'leads-elsewhere');`,
      );
      watched.supervisor.open(preset('cloudflared', { path }));
      assert.equal((await watched.until('open')).url, 'https://leads-here.trycloudflare.com');
      process.kill((await pids(path)).at(-1)!, 'SIGKILL');
      assert.match((await watched.until('degraded')).reason, /cloudflared was ended by SIGKILL; trying again/);
    });

    it('is ended by force where it does not end when asked', async () => {
      const path = await program('cloudflared', `process.on('SIGTERM', () => {}); quick('quick-brown-fox-jumps');`);
      watched.supervisor.open(preset('cloudflared', { path }));
      await watched.until('open');
      await watched.supervisor.close();
    }).slow(8_000);

    it('fails for good where it is not installed, and says how to install it', async () => {
      watched.supervisor.open(preset('cloudflared', { path: join(folder, 'missing') }));
      const { reason } = await watched.until('failed');
      assert.match(
        reason,
        /^cloudflared not found: the program ".*missing" doesn’t exist\. Install cloudflared \(https:/,
      );
      assert.equal(watched.lines.filter((line) => line.startsWith('error')).length, 1);
      const path = await program('missing', `quick('now-it-is-there');`);
      watched.supervisor.open(preset('cloudflared', { path }));
      await watched.until('open');
    });

    it('tries again when it ends without a URL, and quotes its error without taking its URL', async () => {
      const error =
        'failed to request quick Tunnel: Post "https://api.trycloudflare.com/tunnel": dial tcp: lookup api.trycloudflare.com: no such host';
      const path = await program(
        'cloudflared',
        `say(${JSON.stringify(cloudflaredBanner)}); process.stderr.write(${JSON.stringify(error)}); process.exitCode = 1; life.end();`,
      );
      watched.supervisor.open(preset('cloudflared', { path }));
      const { reason } = await watched.until('opening', (status) => status.reason.includes('trying again in 40 ms'));
      assert.match(
        reason,
        /^cloudflared exited with 1 without opening a tunnel \(failed to request quick Tunnel: Post "https:\/\/api\.trycloudflare\.com\/…": dial tcp: lookup api\.trycloudflare\.com: no such host\); trying again/,
      );
      assert.ok((await argsOf(path)).length >= 2);
    });

    it('opens again when it ends, and says that the URL changed', async () => {
      const path = await program(
        'cloudflared',
        `const { existsSync, writeFileSync } = require('node:fs');
         if (existsSync(__filename + '.second')) quick('second-one');
         else { writeFileSync(__filename + '.second', ''); quick('first-one'); }`,
      );
      watched.supervisor.open(preset('cloudflared', { path }));
      assert.equal((await watched.until('open')).url, 'https://first-one.trycloudflare.com');
      const [pid] = await pids(path);
      process.kill(pid!, 'SIGKILL');
      const lost = await watched.until('degraded');
      assert.match(lost.reason, /^Lost .*first-one.*: cloudflared was ended by SIGKILL; trying again/);
      const again = await watched.until('open', ({ url }) => url.includes('second'));
      assert.equal(again.previousUrl, 'https://first-one.trycloudflare.com');
    });

    it('opens again as soon as ever where it had answered for a while, however often it ends', async () => {
      const path = await program('cloudflared', `quick('often-lost');`);
      watched.supervisor.open(preset('cloudflared', { path }));
      for (let end = 1; end <= 3; end++) {
        await watched.until('open');
        await endpoint.moreProbes(2);
        process.kill((await pids(path)).at(-1)!, 'SIGKILL');
        const { reason } = await watched.until('degraded');
        assert.match(reason, /trying again in 20 ms/);
      }
    });

    it('stays, and keeps its URL, while the URL does not answer for a while', async () => {
      const path = await program('cloudflared', `quick('patient-one');`);
      watched.supervisor.open(preset('cloudflared', { path }));
      await watched.until('open');
      endpoint.health = 530;
      await watched.until('degraded', ({ reason }) => reason.includes('(530)'));
      await endpoint.moreProbes(5);
      endpoint.health = 204;
      assert.equal((await watched.until('open')).previousUrl, null);
      assert.equal(lives.length, 1);
    });

    for (const end of [
      'process.exit(0)',
      "process.kill(process.pid, 'SIGTERM')",
      "process.kill(process.pid, 'SIGKILL')",
    ]) {
      it(`does not outlive the process that opened it, behind a wrapper script neither: ${end}`, async () => {
        const path = await program('cloudflared', `quick('orphan-one');`);
        const source = new URL('../../../src/relay/tunnel/command.ts', import.meta.url).href;
        const paths = [path, await wrapperOf(path)];
        const opener = spawn(process.execPath, [
          '--input-type=module',
          '-e',
          `import { command } from ${JSON.stringify(source)};
           for (const path of ${JSON.stringify(paths)})
             await command({ kind: 'command', preset: 'cloudflared', path })
               .open({ localPort: 1, subdomain: '', knownHostsFile: '', signal: new AbortController().signal, dispatcherFor: () => { throw new Error('unused'); } });
           ${end};`,
        ]);
        const [code, signal] = (await once(opener, 'exit')) as [number | null, string | null];
        assert.ok(end.includes(signal ?? String(code)), `${code} ${signal}`);
        assert.equal(lives.length, 2);
        for (const life of lives) if (!life.closed) await once(life, 'close');
      });
    }
  });

  describe('ngrok', () => {
    const started = (url: string): string =>
      `log({ lvl: 'info', msg: 'no configuration paths supplied' });
       log({ lvl: 'info', msg: 'started tunnel', obj: 'tunnels', name: 'command_line', addr: 'http://localhost:1', url: '${url}' });`;

    it('opens with the URL in its log', async () => {
      const path = await program('ngrok', started('https://1234-abcd.ngrok-free.app'));
      watched.supervisor.open(preset('ngrok', { path }));
      assert.equal((await watched.until('open')).url, 'https://1234-abcd.ngrok-free.app');
      assert.deepEqual(await argsOf(path), [
        ['http', String(endpoint.port), '--log', 'stdout', '--log-format', 'json'],
      ]);
    });

    it('asks for the domain, by the older flag where it does not know the newer', async () => {
      const path = await program(
        'ngrok',
        `if (args.some((arg) => arg.startsWith('--url'))) {
           process.stderr.write('ERROR:  unknown flag: --url\\n'); process.exitCode = 1; life.end();
         } else { ${started('https://mine.example.test')} }`,
      );
      watched.supervisor.open(preset('ngrok', { path, domain: 'mine.example.test' }));
      assert.equal((await watched.until('open')).url, 'https://mine.example.test');
      assert.deepEqual(
        (await argsOf(path)).map((args) => args.at(-1)),
        ['--url=mine.example.test', '--domain=mine.example.test'],
      );
    });

    it('fails for good without a valid authtoken, which it does not repeat', async () => {
      const err =
        'authentication failed: The authtoken you specified is properly formed, but it is invalid.\\nYour authtoken: 2abcDEF\\n\\nERR_NGROK_107';
      const path = await program(
        'ngrok',
        `log({ lvl: 'eror', msg: 'session closing', obj: 'tunnels.session', err: '${err}' });
         log({ lvl: 'crit', msg: 'command failed', err: '${err}' });
         process.stderr.write('ERROR:  authentication failed\\nERROR:  \\nERROR:  ERR_NGROK_107\\n');
         process.exitCode = 1; life.end();`,
      );
      watched.supervisor.open(preset('ngrok', { path }));
      const { reason } = await watched.until('failed');
      assert.match(
        reason,
        /^ngrok exited with 1 .*authtoken: \*{8} ERR_NGROK_107\)\. Run "ngrok config add-authtoken"/,
      );
      assert.ok(!watched.said.includes('2abcDEF'));
    });

    it('fails for good where it is not installed', async () => {
      watched.supervisor.open(preset('ngrok', { path: join(folder, 'missing') }));
      assert.match((await watched.until('failed')).reason, /Install ngrok \(https:\/\/ngrok\.com\/download\)/);
    });
  });

  it("quotes a program's words on one line, short, and without the paths of URLs", () => {
    const ended = words('{0} exited with {1}', 'it', '1');
    const quoted = (text: string | undefined): string => spoken(withWords(ended, text));
    assert.equal(quoted(undefined), 'it exited with 1');
    assert.equal(
      quoted(`Request failed\n dest=https://a.example/hooks/${secret}/campaign-monitor originService=http://x:1`),
      'it exited with 1 (Request failed dest=https://a.example/… originService=http://x:1)',
    );
    assert.equal(
      quoted('cannot reach http://me:pass-word@proxy.example:3128: refused'),
      'it exited with 1 (cannot reach http://********@proxy.example:3128: refused)',
    );
    assert.ok(quoted('x'.repeat(5_000)).length <= 'it exited with 1'.length + 203);
  });

  async function pids(path: string): Promise<number[]> {
    return (await readFile(`${path}.pid`, 'utf8')).trim().split('\n').map(Number);
  }
});

describe('the environment of a tunnel program', () => {
  it('has what it needs, its own variables, and nothing that is there for others', () => {
    const needed = {
      PATH: '/usr/bin',
      HOME: '/home/me',
      https_proxy: 'http://proxy.example:3128',
    };
    const own = { TUNNEL_EDGE_IP_VERSION: 'of cloudflared itself', TUNNEL_TOKEN: 'of cloudflared itself' };
    const others = {
      NGROK_AUTHTOKEN: 'of another program',
      SSH_AUTH_SOCK: '/run/agent',
      ELECTRON_RUN_AS_NODE: '1',
      VSCODE_IPC_HOOK: '/run/vscode.sock',
      NODE_OPTIONS: '--require x',
      LD_PRELOAD: '/tmp/x.so',
      CAMPAIGN_KEY: 'planted',
      OAUTH_API_SECRET: 'planted',
      AWS_SECRET_ACCESS_KEY: 'planted',
      // They win over the URL that cloudflared is given.
      TUNNEL_NAME: 'a tunnel of their own',
      TUNNEL_HELLO_WORLD: 'true',
    };
    const all = { ...needed, ...own, ...others };
    assert.deepEqual(cleanEnvironment(all, presetOf('cloudflared').environment), { ...needed, ...own });
    assert.deepEqual(cleanEnvironment(all, presetOf('ngrok').environment), {
      ...needed,
      NGROK_AUTHTOKEN: 'of another program',
    });
  });
});
