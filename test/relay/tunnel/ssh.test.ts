/**
 * A tunnel by ssh to a server of one's own: a real sshd, with a real reverse proxy before it that has the certificate, as
 * docs/tunnels.md describes it.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { Agent, request, type buildConnector } from 'undici';
import { presetOf } from '../../../src/protocol/tunnel-presets.ts';
import { tunnelConfigSchema } from '../../../src/protocol/settings.ts';
import { freePort } from '../../free-port.ts';
import { onPath } from '../../vscode/install.ts';
import { LocalEndpoint, secret, Watched } from './stage.ts';

const certificate = join(import.meta.dirname, '../../fixtures/self-signed/certificate.pem');
const certificateKey = join(import.meta.dirname, '../../fixtures/self-signed/key.pem');

describe('a tunnel by ssh to a server of one’s own', function () {
  let sshd: string;
  let nginx: string;
  let folder: string;
  let endpoint: LocalEndpoint;
  let watched: Watched;
  let dispatcher: Agent;
  let children: ChildProcess[];
  let sshPort: number;
  let remotePort: number;
  let agentSocket: string | undefined;

  before(function () {
    const programs = ['sshd', 'nginx', 'ssh', 'ssh-agent'].map(onPath);
    // They come with test/tools.ts, on Debian and as root.
    if (process.platform === 'win32' || programs.includes(undefined)) this.skip();
    [sshd, nginx] = programs as [string, string];
  });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cm-relay-ssh-'));
    mkdirSync(join(folder, 'a data directory'));
    children = [];
    endpoint = await LocalEndpoint.open();
    [sshPort, remotePort] = [await freePort(), await freePort()];
    const proxyPort = await freePort();
    makeKey('client');
    makeKey('host');
    await startAgent();
    await startSshd();
    await startProxy(proxyPort);
    // The name of the certificate is nobody's: what matters is that the proxy is asked, by TLS.
    const toProxy: buildConnector.connector = (_options, callback) => {
      const socket = connectTls({ host: '127.0.0.1', port: proxyPort, rejectUnauthorized: false });
      socket.once('secureConnect', () => callback(null, socket));
      socket.once('error', (error: Error) => callback(error, null));
    };
    dispatcher = new Agent({ connect: toProxy, keepAliveTimeout: 1, keepAliveMaxTimeout: 1 });
    watched = new Watched({
      localPort: endpoint.port,
      dispatcher,
      knownHostsFile: knownHosts(),
      timings: { openTimeoutMs: 30_000, verifyMs: 10_000, probeTimeoutMs: 5_000 },
    });
  });

  afterEach(async () => {
    await watched.supervisor.close();
    await dispatcher.destroy();
    await endpoint.close();
    for (const child of children) await ended(child);
    if (agentSocket === undefined) delete process.env['SSH_AUTH_SOCK'];
    else process.env['SSH_AUTH_SOCK'] = agentSocket;
    rmSync(folder, { recursive: true });
  });

  const knownHosts = (): string => join(folder, 'a data directory', 'known_hosts');

  function makeKey(name: string, type = 'ed25519'): void {
    rmSync(join(folder, name), { force: true });
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', name, '-f', join(folder, name)]);
  }

  function start(program: string, args: readonly string[]): ChildProcess {
    const child = spawn(program, args, { stdio: 'ignore' });
    children.push(child);
    return child;
  }

  async function ended(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
  }

  /** Resolves when something listens there. */
  async function listens(port: number): Promise<void> {
    for (;;) {
      const isOpen = await new Promise<boolean>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => resolve(true));
        socket.once('error', () => resolve(false));
        socket.once('connect', () => socket.destroy());
      });
      if (isOpen) return;
    }
  }

  async function startAgent(): Promise<void> {
    const socket = join(folder, 'agent');
    start(onPath('ssh-agent') ?? '', ['-D', '-a', socket]);
    while (!existsSync(socket)) await new Promise((resolve) => setImmediate(resolve));
    agentSocket = process.env['SSH_AUTH_SOCK'];
    process.env['SSH_AUTH_SOCK'] = socket;
    execFileSync('ssh-add', ['-q', join(folder, 'client')], { stdio: 'ignore' });
  }

  /** As sshd_config(5) has it for such a user: forwarding to loopback, and nothing else. */
  async function startSshd(): Promise<ChildProcess> {
    // Where root starts it, it wants a folder for its unprivileged half.
    if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
    const config = [
      ...[`Port ${sshPort}`, 'ListenAddress 127.0.0.1', `HostKey ${join(folder, 'host')}`],
      ...[`AuthorizedKeysFile ${join(folder, 'client.pub')}`, 'StrictModes no', 'UsePAM no', 'PidFile none'],
      ...['PasswordAuthentication no', 'KbdInteractiveAuthentication no', 'PermitRootLogin prohibit-password'],
      ...['AllowTcpForwarding remote', 'GatewayPorts no', 'LogLevel QUIET'],
    ];
    const file = join(folder, 'sshd_config');
    writeFileSync(file, `${config.join('\n')}\n`);
    const child = start(sshd, ['-D', '-e', '-f', file]);
    await listens(sshPort);
    return child;
  }

  async function startProxy(port: number): Promise<void> {
    const file = join(folder, 'nginx.conf');
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${join(folder, name)};`,
    );
    writeFileSync(
      file,
      `daemon off; master_process off; pid ${join(folder, 'nginx.pid')}; error_log stderr crit;
       events {}
       http { access_log off; ${temporary.join(' ')}
         server { listen 127.0.0.1:${port} ssl; ssl_certificate ${certificate}; ssl_certificate_key ${certificateKey};
           location / { proxy_pass http://127.0.0.1:${remotePort}; proxy_set_header Host $host; } } }`,
    );
    start(nginx, ['-e', 'stderr', '-c', file, '-p', folder]);
    await listens(port);
  }

  const server = (): string => `${userInfo().username}@127.0.0.1:${sshPort}`;
  function open(facts: object = {}): void {
    watched.supervisor.open(
      tunnelConfigSchema.parse({
        ...{ kind: 'ssh', server: server(), name: 'hooks.example.test', remotePort },
        ...facts,
      }),
    );
  }

  it('keeps the server’s key at the first connection, and carries a delivery', async () => {
    open();
    assert.equal((await watched.until('open')).url, 'https://hooks.example.test');
    assert.match(
      readFileSync(knownHosts(), 'utf8'),
      new RegExp(`^\\[127\\.0\\.0\\.1\\]:${sshPort} ssh-ed25519 \\S+\\n$`),
    );
    const body = JSON.stringify({ ListID: 'a', Events: [] });
    const url = `https://hooks.example.test/hooks/${secret}/campaign-monitor`;
    const answer = await request(url, { method: 'POST', body, dispatcher });
    assert.equal(await answer.body.text(), `seen /hooks/${secret}/campaign-monitor`);
    assert.equal(endpoint.received.at(-1)?.body.toString(), body);
  });

  for (const type of ['ed25519', 'ecdsa']) {
    it(`refuses a server whose key is another one, until the user removes the old one: ${type}`, async () => {
      open();
      await watched.until('open');
      await watched.supervisor.close();
      const before = readFileSync(knownHosts(), 'utf8');
      await ended(children.find(({ spawnfile }) => spawnfile === sshd)!);
      makeKey('host', type);
      await startSshd();
      const probes = endpoint.received.length;
      open();
      const { reason } = await watched.until('failed');
      const host = `[127.0.0.1]:${sshPort}`;
      assert.ok(reason.startsWith(`The SSH server ${host} now has another key. Someone may be pretending`), reason);
      assert.ok(reason.includes(`remove the lines of ${host} from the file "${knownHosts()}"`), reason);
      assert.equal(readFileSync(knownHosts(), 'utf8'), before);
      assert.equal(endpoint.received.length, probes);
      const others = before.split('\n').filter((line) => !line.startsWith(`${host} `));
      writeFileSync(knownHosts(), others.join('\n'));
      open();
      await watched.until('open');
      assert.notEqual(readFileSync(knownHosts(), 'utf8'), before);
    });
  }

  it('fails for good where the server does not take the key, and says how ssh says it', async () => {
    execFileSync('ssh-add', ['-q', '-D'], { stdio: 'ignore' });
    open();
    const { reason } = await watched.until('failed');
    assert.match(reason, /^ssh exited with 255 .*Permission denied \(publickey\).*Run "ssh-add"/);
  });

  it('takes no server for an option of ssh', () => {
    for (const wrong of ['-oProxyCommand=x', 'a@-oProxyCommand=x', 'a b', 'host;x', '']) {
      assert.ok(!tunnelConfigSchema.safeParse({ kind: 'ssh', server: wrong, name: 'a.example' }).success, wrong);
    }
    assert.equal(presetOf('ssh').args.at(-1), 'ssh://{server}');
  });
});
