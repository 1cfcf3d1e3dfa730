import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import fc from 'fast-check';
import type { Agent } from 'undici';
import { tunnelConfigSchema } from '../../../src/protocol/settings.ts';
import { presetOf, tunnelPresetNames, type TunnelPreset } from '../../../src/protocol/tunnel-presets.ts';
import { UrlFinder } from '../../../src/relay/tunnel/url-finder.ts';
import { dispatcherTo, LocalEndpoint, Watched } from './stage.ts';

describe('tunnel presets', () => {
  it('let ssh keep a server’s first key alone, ask for nothing, and end without its forwarding', () => {
    const all = tunnelPresetNames.map(presetOf).filter(({ program }) => program === 'ssh');
    assert.equal(all.length, 3);
    for (const { args, named } of all) {
      for (const each of [args, ...(named === undefined ? [] : [named.args])]) {
        const options = each.filter((_, at) => each[at - 1] === '-o');
        for (const option of [
          ...[
            'BatchMode=yes',
            'ExitOnForwardFailure=yes',
            'ServerAliveInterval=15',
            'StrictHostKeyChecking=accept-new',
          ],
          ...[
            'UserKnownHostsFile={knownHosts}',
            'GlobalKnownHostsFile={empty}',
            'HashKnownHosts=no',
            'ForwardAgent=no',
          ],
          // Either has ssh take a key that is in no file.
          ...['VerifyHostKeyDNS=no', 'NoHostAuthenticationForLocalhost=no'],
        ])
          assert.ok(options.includes(option), option);
      }
    }
  });
});

describe('a tunnel by a preset', function () {
  let folder: string;
  let endpoint: LocalEndpoint;
  let dispatcher: Agent;
  let watched: Watched;

  before(function () {
    // The programs are scripts that only a Unix system runs by their first line.
    if (process.platform === 'win32') this.skip();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cm-relay-presets-'));
    endpoint = await LocalEndpoint.open();
    dispatcher = dispatcherTo(() => endpoint.port);
    watched = new Watched({ localPort: endpoint.port, dispatcher });
  });
  afterEach(async () => {
    await watched.supervisor.close();
    await dispatcher.destroy();
    await endpoint.close();
    await rm(folder, { recursive: true });
  });

  /** Writes a stand-in that records its arguments, and then does what `body` says with them. */
  async function standIn(name: string, body: string): Promise<string> {
    const path = join(folder, name);
    const text = `#!${process.execPath}
const args = process.argv.slice(2);
require('node:fs').appendFileSync(__filename + '.args', JSON.stringify(args) + '\\n');
const stay = () => setInterval(() => {}, 1_000);
const out = (text) => process.stdout.write(text + '\\n');
const err = (text) => process.stderr.write(text + '\\n');
${body}
`;
    await writeFile(path, text, { mode: 0o755 });
    return path;
  }
  const argsOf = async (path: string): Promise<string[][]> =>
    (await readFile(`${path}.args`, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as string[]);
  const open = (kind: TunnelPreset, facts: object): void => {
    watched.supervisor.open(tunnelConfigSchema.parse({ kind, ...facts }));
  };

  /** https://learn.microsoft.com/azure/developer/dev-tunnels/cli-commands */
  const devtunnel = `
    if (args[0] === 'create' && require('node:fs').existsSync(__filename + '.made')) { err('Tunnel ID already exists.'); process.exit(1); }
    if (args[0] === 'create') require('node:fs').writeFileSync(__filename + '.made', '');
    if (args[0] !== 'host') process.exit(0);
    const port = args[2] ?? '0';
    const id = args[1] === '-p' ? 'b2cdx1f4' : args[1];
    out('Hosting port: ' + port);
    out('Connect via browser: https://' + id + '.euw.devtunnels.ms:' + port + ', https://' + id + '-' + port + '.euw.devtunnels.ms');
    out('Inspect network activity: https://' + id + '-' + port + '-inspect.euw.devtunnels.ms');
    out('Ready to accept connections for tunnel: ' + id + '.euw');
    stay();`;

  it('devtunnel: by the URL of the port, not that of the inspection', async () => {
    open('devtunnel', { path: await standIn('devtunnel', devtunnel) });
    assert.equal((await watched.until('open')).url, `https://b2cdx1f4-${endpoint.port}.euw.devtunnels.ms`);
  });

  it('devtunnel: with an ID of the user’s own, which is created where it is not there yet', async () => {
    const path = await standIn('devtunnel', devtunnel.replace("args[2] ?? '0'", `'${endpoint.port}'`));
    for (let starts = 1; starts <= 2; starts++) {
      open('devtunnel', { path, name: 'my-hooks' });
      assert.equal((await watched.until('open')).url, `https://my-hooks-${endpoint.port}.euw.devtunnels.ms`);
      await watched.supervisor.close();
    }
    const expected = [
      ['create', 'my-hooks', '--allow-anonymous'],
      ['port', 'create', 'my-hooks', '-p', String(endpoint.port)],
      ['host', 'my-hooks'],
    ];
    assert.deepEqual(await argsOf(path), [...expected, ...expected]);
  });

  /** https://github.com/tailscale/tailscale/blob/main/cmd/tailscale/cli/serve_v2.go, messageForPort */
  const tailscale = (first: string): string => `
    out('${first}\\n\\nhttps://box.tail1234.ts.net/\\n|-- proxy http://127.0.0.1:' + args[1] + '\\n\\nPress Ctrl+C to exit.');
    stay();`;

  it('tailscale: by the URL that is on the internet, and no other', async () => {
    open('tailscale', { path: await standIn('tailscale', tailscale('Available on the internet:')) });
    assert.equal((await watched.until('open')).url, 'https://box.tail1234.ts.net');
    watched = new Watched({ localPort: endpoint.port, dispatcher, timings: { openTimeoutMs: 500 } });
    open('tailscale', { path: await standIn('tailscale-serve', tailscale('Available within your tailnet:')) });
    const { reason } = await watched.until('opening', (status) => status.reason.includes('trying again'));
    assert.match(reason, /took longer than 500 ms/);
  });

  /** https://github.com/openziti/zrok/blob/main/cmd/zrok2/sharePublic.go */
  const zrok = `
    if (args[0] === 'create') { err('[ERROR]: unable to create name (name already exists)'); process.exit(1); }
    const name = (args[args.indexOf('-n') + 1] ?? '').split(':')[1] ?? 'x8k2m4qpl0';
    err('[   0.812]    INFO main.shareLocal: access your zrok share at the following endpoints:\\n https://' + name + '.shares.zrok.io');
    err('[   9.001]    INFO main.shareLocal: 1.2.3.4 -> GET /see/https://elsewhere.example');
    stay();`;

  it('zrok2: by its endpoint, also under a name that was reserved before', async () => {
    const path = await standIn('zrok2', zrok);
    open('zrok2', { path });
    assert.match((await watched.until('open')).url, /^https:\/\/[a-z0-9]+\.shares\.zrok\.io$/);
    open('zrok2', { path, name: 'my-hooks' });
    await watched.until('open', ({ url }) => url === 'https://my-hooks.shares.zrok.io');
    assert.deepEqual((await argsOf(path)).at(-1)?.slice(-2), ['-n', 'public:my-hooks']);
  });

  /** A program whose URL is there, and that prints `line` at a signal, as one that logs the requests of strangers. */
  async function afterOpen(body: string, line: string, openIt: (path: string) => void): Promise<Set<string>> {
    const asked = new Set<string>();
    endpoint.server.prependListener('request', (req) => asked.add(req.headers.host ?? ''));
    const path = await standIn(
      'signaled',
      `process.on('SIGUSR2', () => { err(${JSON.stringify(line)}); require('node:fs').writeFileSync(__filename + '.done', ''); });
       require('node:fs').writeFileSync(__filename + '.pid', String(process.pid));
       ${body} stay();`,
    );
    openIt(path);
    await watched.until('open');
    process.kill(Number(await readFile(`${path}.pid`, 'utf8')), 'SIGUSR2');
    while (!existsSync(`${path}.done`)) await endpoint.moreProbes(1);
    await endpoint.moreProbes(8);
    return asked;
  }

  it('zrok2: never sends its secret path to a host that a stranger has named in the path of a request', async () => {
    for (const line of [
      '[   9.001]    INFO main.shareLocal: [203.0.113.7] -> GET /https://elsewhere.example/',
      '{"level":"INFO","msg":"[203.0.113.7] -> GET /https://elsewhere.example/"}',
      ' elsewhere.example',
    ]) {
      const asked = await afterOpen(zrok.replace(/.*elsewhere.*/, ''), line, (path) => open('zrok2', { path }));
      assert.deepEqual([...asked], ['x8k2m4qpl0.shares.zrok.io']);
      await watched.supervisor.close();
    }
  });

  /** cloudflared's connection/observer.go logs `Registered tunnel connection`; its rules are the dashboard's. */
  it('cloudflared: by its token under a host name of the user’s own, once it is connected', async () => {
    const body = `
      if (args.at(-1) !== 'run' || process.env.TUNNEL_TOKEN !== 'the token') process.exit(1);
      err('2024-05-01T10:00:00Z INF Registered tunnel connection connIndex=0 location=fra08 protocol=quic'); stay();`;
    process.env['TUNNEL_TOKEN'] = 'the token';
    try {
      open('cloudflared', { path: await standIn('cloudflared', body), name: 'hooks.example.org' });
      assert.equal((await watched.until('open')).url, 'https://hooks.example.org');
    } finally {
      delete process.env['TUNNEL_TOKEN'];
    }
    assert.ok(!watched.said.includes('the token'));
  });

  it('pinggy: by the first HTTPS URL of several, and not its dashboard’s', async () => {
    const path = await standIn(
      'ssh',
      `
      out('You are not authenticated.\\nYour tunnel will expire in 60 minutes. Upgrade to Pinggy Pro to get unrestricted tunnels. https://dashboard.pinggy.io\\n');
      out('http://rnxyz-1-2-3-4.a.free.pinggy.link\\nhttps://rnxyz-1-2-3-4.a.free.pinggy.link\\nhttps://rnxyz-1-2-3-4.run.pinggy-free.link');
      stay();`,
    );
    open('pinggy', { path });
    assert.equal((await watched.until('open')).url, 'https://rnxyz-1-2-3-4.a.free.pinggy.link');
  });

  it('localhost.run: goes on under another URL when the service changes it, and says so', async () => {
    const path = await standIn(
      'ssh',
      `
      const told = (name) => out(JSON.stringify({ event: 'tcpip-forward', status: 'success', address: name + '.lhr.life',
        message: name + '.lhr.life tunneled with tls termination, https://' + name + '.lhr.life' }));
      const names = ['0123456789abcd', 'fedcba9876543210'];
      const next = () => { told(names[0]); names.push(names.shift()); };
      next();
      process.on('SIGUSR2', next);
      require('node:fs').writeFileSync(__filename + '.pid', String(process.pid));
      stay();`,
    );
    open('localhost.run', { path });
    assert.equal((await watched.until('open')).url, 'https://0123456789abcd.lhr.life');
    process.kill(Number(await readFile(`${path}.pid`, 'utf8')), 'SIGUSR2');
    const { previousUrl, reason } = await watched.until(
      'open',
      ({ url }) => url === 'https://fedcba9876543210.lhr.life',
    );
    assert.equal(previousUrl, 'https://0123456789abcd.lhr.life');
    assert.match(reason, /no longer arrive/);
    assert.equal((await argsOf(path)).length, 1, 'the program was started again');
    // Also back to one that it has had.
    process.kill(Number(await readFile(`${path}.pid`, 'utf8')), 'SIGUSR2');
    await watched.until('open', ({ url }) => url === 'https://0123456789abcd.lhr.life');
  });

  describe('or by the user’s own command', () => {
    const own = (program: string, more: object = {}): void => {
      watched.supervisor.open(
        tunnelConfigSchema.parse({
          kind: 'command',
          program: { program, args: ['{port}'], url: { from: 'output', pattern: 'https://[^\\s]+' }, ...more },
        }),
      );
    };

    it('opens with the URL that its pattern finds', async () => {
      const path = await standIn('mine', `out('\\u001b[1mYour URL:\\u001b[0m https://mine.example.test/'); stay();`);
      own(path);
      assert.equal((await watched.until('open')).url, 'https://mine.example.test');
      assert.deepEqual(await argsOf(path), [[String(endpoint.port)]]);
    });

    it('is not opened where it prints ten URLs: the secret path is tried at none of them', async () => {
      own(await standIn('mine', `for (let at = 0; at < 10; at++) out('https://' + at + '.example.test'); stay();`));
      const { reason } = await watched.until('failed');
      assert.match(reason, /^mine printed several URLs \(0\.example\.test and 1\.example\.test\)\. Make the pattern/);
      assert.equal(endpoint.probes, 0);
    });

    it('is not opened where it prints two URLs at once as JSON', async () => {
      const lines = ['a', 'b'].map((name) => JSON.stringify({ url: `https://${name}.example.test` })).join('\n');
      own(await standIn('mine', `out(${JSON.stringify(lines)}); stay();`), { url: { from: 'json', pointer: '/url' } });
      const { reason } = await watched.until('failed');
      assert.match(reason, /several URLs \(a\.example\.test and b\.example\.test\)/);
      assert.equal(endpoint.probes, 0);
    });

    it('keeps the URL that answers, whatever its log has of the requests of strangers', async () => {
      const asked = await afterOpen(
        `out('https://mine.example.test');`,
        'GET /https://elsewhere.example/ 404',
        (path) => own(path),
      );
      assert.deepEqual([...asked], ['mine.example.test']);
    });

    it('is given up where another URL comes before the first has answered', async () => {
      endpoint.health = 404;
      const path = await standIn(
        'mine',
        `process.on('SIGUSR2', () => out('https://b.example.test'));
         require('node:fs').writeFileSync(__filename + '.pid', String(process.pid));
         out('https://a.example.test'); stay();`,
      );
      own(path);
      await watched.until('verifying');
      process.kill(Number(await readFile(`${path}.pid`, 'utf8')), 'SIGUSR2');
      const { reason } = await watched.until('failed');
      assert.match(reason, /several URLs \(a\.example\.test and b\.example\.test\)/);
    });

    it('is ended where it prints without end, and no URL', async () => {
      own(
        await standIn(
          'mine',
          `const flood = () => { while (process.stdout.write('x'.repeat(65_000))); process.stdout.once('drain', flood); }; flood();`,
        ),
      );
      assert.match((await watched.until('failed')).reason, /^mine printed too much without a URL\. Run "mine"/);
      own(
        await standIn(
          'lines',
          `const flood = () => { while (process.stdout.write('\\n'.repeat(1_000))); process.stdout.once('drain', flood); }; flood();`,
        ),
      );
      assert.match((await watched.until('failed')).reason, /^lines printed too much/);
    });

    it('is run without the places of a project in its PATH, so that a script starts nothing from there', async () => {
      const before = process.env['PATH'];
      const bin = join(folder, 'node_modules', '.bin');
      process.env['PATH'] = [bin, '', 'bin', before].join(delimiter);
      try {
        const path = await standIn(
          'mine',
          `require('node:fs').writeFileSync(__filename + '.path', process.env.PATH); out('https://mine.example.test'); stay();`,
        );
        own(path);
        await watched.until('open');
        const folders = (await readFile(`${path}.path`, 'utf8')).split(delimiter);
        assert.ok(folders.includes('/usr/bin'));
        assert.deepEqual(
          folders.filter((each) => !isAbsolute(each) || each.endsWith(join('node_modules', '.bin'))),
          [],
        );
      } finally {
        process.env['PATH'] = before;
      }
    });

    it('never has its secrets told, though it prints them', async () => {
      process.env['MINE_TOKEN'] = 'a token of 22 letters!';
      try {
        const path = await standIn(
          'mine',
          `err('ERROR wrong token ' + process.env.MINE_TOKEN + ' given'); process.exit(1);`,
        );
        own(path, { environment: ['MINE_*'] });
        const { reason } = await watched.until('opening', (status) => status.reason.includes('trying again'));
        assert.match(reason, /wrong token \*{8} given/);
        await watched.supervisor.close();
        own(path, { environment: ['MINE_*'], setUp: [{ args: ['first'] }] });
        await watched.until('opening', (status) => /first" failed.*trying again/.test(status.reason));
        assert.ok(!watched.said.includes('22 letters'));
      } finally {
        delete process.env['MINE_TOKEN'];
      }
    });

    it('has every place for a value filled in, wherever it stands', async () => {
      const path = await standIn(
        'mine',
        `if (args[0] === 'set-up') process.exit(0);
         out('https://' + args[1] + '.example.test'); stay();`,
      );
      watched.supervisor.open(
        tunnelConfigSchema.parse({
          kind: 'command',
          name: 'mine',
          program: {
            ...{ program: path, args: [], url: { from: 'output', pattern: 'x' } },
            named: {
              args: ['{remotePort}', '{name}'],
              url: { from: 'output', pattern: 'https://{name}\\.example\\.test' },
              setUp: [{ args: ['set-up', '{remotePort}'] }],
            },
          },
        }),
      );
      await watched.until('open');
      const [setUp, run] = await argsOf(path);
      assert.deepEqual(setUp, ['set-up', run?.[0]]);
      own(path, { setUp: [{ args: ['{server}'] }] });
      assert.match((await watched.until('failed')).reason, /^mine needs your SSH server/);
    });

    it('is tried again where it says nothing', async () => {
      watched = new Watched({ localPort: endpoint.port, dispatcher, timings: { openTimeoutMs: 300 } });
      own(await standIn('mine', 'stay();'));
      await watched.until('opening', ({ reason }) => /took longer than 300 ms; trying again/.test(reason));
    });

    it('must name a URL that is encrypted and holds no password', async () => {
      for (const url of ['http://plain.example.test', 'https://me:secret@mine.example.test']) {
        own(await standIn('mine', `out('${url}'); stay();`), { url: { from: 'output', pattern: '\\S+' } });
        assert.match((await watched.until('failed')).reason, /isn’t a URL that starts with https:\/\//);
        await watched.supervisor.close();
      }
    });

    it('is not started from the working directory, the workspace, node_modules/.bin or by a relative path', async () => {
      const path = await standIn('mine', `out('https://mine.example.test'); stay();`);
      const program = { program: path, args: [], url: { from: 'output', pattern: 'https://[^\\s]+' } };
      const before = process.cwd();
      const refusedIn = async (facts: object): Promise<void> => {
        watched.supervisor.open(tunnelConfigSchema.parse({ kind: 'command', program, ...facts }));
        assert.match(
          (await watched.until('failed')).reason,
          /is a relative path, or in the working directory, the workspace, or node_modules\./,
        );
        await watched.supervisor.close();
      };
      await refusedIn({ notBelow: [folder] });
      await refusedIn({ path: './mine' });
      process.chdir(folder);
      try {
        await refusedIn({});
      } finally {
        process.chdir(before);
      }
      await assert.rejects(readFile(`${path}.args`), { code: 'ENOENT' });
    });
  });
});

describe('finding a URL', () => {
  const finder = (): UrlFinder => new UrlFinder({ from: 'json', pointer: '/a/~1b', where: { ok: true } }, {});

  it('takes no URL of localhost.run that is only quoted, as in an event that tells of a request', () => {
    const { url, named } = presetOf('localhost.run');
    const message = 'x.lhr.life tunneled with tls termination, https://x.lhr.life';
    const event = { event: 'tcpip-forward', status: 'success' };
    for (const [source, values] of [
      [url, {}],
      [named?.url ?? url, { name: 'x.lhr.life' }],
    ] as const) {
      const some = new UrlFinder(source, values);
      some.take(message);
      some.take(JSON.stringify({ event: 'request', message, agent: JSON.stringify({ ...event, message }) }));
      assert.deepEqual(some.found, []);
      some.take(JSON.stringify({ message, ...event }));
      assert.deepEqual(some.found, ['https://x.lhr.life']);
    }
  });

  it('takes any line, and finds nothing where there is nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 20 }), (lines) => {
        const some = finder();
        for (const line of lines) some.take(line);
        assert.deepEqual(some.found, []);
      }),
    );
  });
});
