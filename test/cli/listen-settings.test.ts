import assert from 'node:assert/strict';
import { UsageError } from '../../src/cli/errors.ts';
import type { Config } from '../../src/cli/config.ts';
import { parseTunnel, type ListenFlags } from '../../src/cli/listen-flags.ts';
import { differences, listenSettings } from '../../src/cli/listen-settings.ts';
import { destinationSchema, settingsSchema, type Settings } from '../../src/protocol/settings.ts';
import type { Status } from '../../src/protocol/status.ts';
import { tunnelProgramSchema } from '../../src/protocol/tunnel-program.ts';

const nothing: Config = { settings: {}, secrets: {} };
const callback = 'http://localhost:3000/callback';

function refused(flags: ListenFlags, config = nothing): string {
  try {
    listenSettings(flags, config, {});
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.message;
  }
  return assert.fail('accepted');
}

describe('the settings of listen', () => {
  it('prefer a flag to the file', () => {
    const config: Config = {
      settings: {
        retry: 'sap',
        partSize: 3,
        destinations: [destinationSchema.parse({ url: 'http://localhost:1/' })],
        retention: { maxDeliveries: 10, maxBytes: 777 },
      },
      secrets: { signatureKeys: { default: 'from the file', other: 'o' } },
    };
    const { settings, secrets } = listenSettings(
      { forwardTo: [callback], retry: 'fast', retain: 20, signatureKeyEnv: 'KEY' },
      config,
      { KEY: 'from the flag' },
    );
    assert.deepEqual(settings, {
      retry: 'fast',
      partSize: 3,
      destinations: [destinationSchema.parse({ url: callback, signatureKeyName: 'default' })],
      retention: { maxDeliveries: 20, maxBytes: 777 },
    });
    assert.deepEqual(secrets, { signatureKeys: { default: 'from the flag', other: 'o' } });
  });

  it('make a tunnel of its flags and of the file', () => {
    const of = (flags: ListenFlags, config = nothing): unknown => listenSettings(flags, config, {}).settings.tunnel;
    assert.deepEqual(of({ tunnel: 'none' }), { kind: 'none' });
    assert.deepEqual(of({ tunnel: 'https://hooks.example.org/x' }), {
      kind: 'fixed',
      url: 'https://hooks.example.org/x',
    });
    assert.deepEqual(of({ tunnel: 'localtunnel', subdomain: 'mine' }), {
      kind: 'localtunnel',
      host: 'https://localtunnel.me',
      subdomain: 'mine',
    });
    assert.deepEqual(of({ tunnel: 'cloudflared' }), { kind: 'command', preset: 'cloudflared' });
    assert.deepEqual(
      of({ tunnel: 'ssh', tunnelServer: 'me@a.example', tunnelName: 'b.example', tunnelProgram: '/opt/ssh' }),
      { kind: 'command', preset: 'ssh', server: 'me@a.example', name: 'b.example', path: '/opt/ssh' },
    );
    const program = tunnelProgramSchema.parse({
      ...{ program: '/opt/t', args: ['{port}'], url: { from: 'output', pattern: 'https://x' } },
    });
    assert.deepEqual(of({ tunnel: 'command', tunnelCommand: program }), { kind: 'command', program });
    assert.deepEqual(
      of(
        { subdomain: 'mine' },
        { settings: { tunnel: { kind: 'localtunnel', host: 'http://localhost:1' } }, secrets: {} },
      ),
      { kind: 'localtunnel', host: 'http://localhost:1', subdomain: 'mine' },
    );
    assert.deepEqual(of({ tunnel: 'localtunnel', tunnelAllow: ['x.example', '::1'] }), {
      kind: 'localtunnel',
      host: 'https://localtunnel.me',
      otherHosts: ['x.example', '::1'],
    });
    assert.deepEqual(
      of(
        { tunnel: 'ngrok' },
        { settings: { tunnel: { kind: 'command', preset: 'ngrok', name: 'a.ngrok.app' } }, secrets: {} },
      ),
      { kind: 'command', preset: 'ngrok', name: 'a.ngrok.app' },
    );
  });

  it('name the flag that goes with another tunnel or has a bad value', () => {
    assert.match(refused({ subdomain: 'mine' }), /^--subdomain requires --tunnel localtunnel/);
    assert.match(refused({ tunnel: 'ngrok', tunnelHost: 'https://x.example' }), /^--tunnel-host/);
    assert.match(
      refused({ tunnel: 'ngrok', tunnelAllow: ['x.example'] }),
      /^--tunnel-allow requires --tunnel localtunnel/,
    );
    assert.match(refused({ tunnel: 'localtunnel', subdomain: 'X' }), /^--subdomain: a subdomain has/);
    assert.match(parseTunnel('frp') ?? '', /expected none, localtunnel, devtunnel, .*ngrok, .*ssh, command, or a URL/);
    assert.match(refused({ tunnelName: 'a.example' }), /^--tunnel-name requires a tunnel program/);
    assert.match(refused({ tunnel: 'localtunnel', tunnelServer: 'a' }), /^--tunnel-server requires a tunnel program/);
    const tunnelCommand = tunnelProgramSchema.parse({
      ...{ program: '/opt/t', args: [], url: { from: 'output', pattern: 'https://x' } },
    });
    for (const tunnel of [undefined, 'tailscale', 'none'])
      assert.match(
        refused({ ...(tunnel !== undefined && { tunnel }), tunnelCommand }),
        /^--tunnel-command requires --tunnel command$/m,
      );
    assert.match(refused({ tunnel: 'command' }), /^--tunnel command requires --tunnel-command/);
    assert.match(
      refused({ tunnel: 'ssh', tunnelServer: '-oProxyCommand=x' }),
      /^--tunnel-server: expected \[user@\]host/,
    );
    assert.match(parseTunnel('https://') ?? '', /expected none/);
    assert.match(parseTunnel('https://user:pass@host/') ?? '', /password/);
    assert.equal(parseTunnel('https://hooks.example.org'), undefined);
  });
});

describe('attaching to a running relay', () => {
  const status = (settings: Partial<Settings>): Status =>
    ({
      settings: settingsSchema.parse(settings),
      campaignMonitorUrl: 'http://127.0.0.1:8787/hooks/0/campaign-monitor',
    }) as Status;

  it('accepts flags that say what it does', () => {
    const running = status({
      destinations: [destinationSchema.parse({ url: callback, types: ['Subscribe'] })],
      retry: 'sap',
      tunnel: { kind: 'localtunnel', host: 'http://localhost:1', otherHosts: ['x.example'], subdomain: 'mine' },
    });
    const flags: ListenFlags = {
      forwardTo: [callback],
      port: 8787,
      retry: 'sap',
      timeZone: 'UTC',
      concurrency: 1,
      retain: 50_000,
      tunnel: 'localtunnel',
      tunnelHost: 'http://localhost:1',
      tunnelAllow: ['x.example'],
      subdomain: 'mine',
    };
    assert.deepEqual(differences(flags, nothing, running), []);
    assert.deepEqual(differences({ port: 0 }, nothing, running), []);
    assert.deepEqual(differences({}, { settings: { retry: 'sap' }, secrets: {} }, running), []);
  });

  it('names each flag that differs', () => {
    const flags: ListenFlags = {
      forwardTo: [callback],
      port: 8788,
      retry: 'none',
      timeZone: 'Europe/Berlin',
      concurrency: 2,
      retain: 1,
      tunnel: 'localtunnel',
      tunnelHost: 'http://localhost:1',
      tunnelAllow: ['x.example'],
      subdomain: 'mine',
    };
    assert.deepEqual(differences(flags, nothing, status({})), [
      '--forward-to',
      '--port',
      '--tunnel',
      '--tunnel-host',
      '--tunnel-allow',
      '--subdomain',
      '--retry',
      '--time-zone',
      '--concurrency',
      '--retain',
    ]);
    const unsigned = status({ destinations: [destinationSchema.parse({ url: callback })] });
    assert.deepEqual(differences({ forwardTo: [callback], signatureKeyEnv: 'K' }, nothing, unsigned), [
      '--signature-key-env',
    ]);
    const runs = (mode: 'normalized' | 'raw'): Status =>
      status({ destinations: [destinationSchema.parse({ url: callback, mode })] });
    assert.deepEqual(differences({ forwardTo: [callback], raw: true }, nothing, runs('normalized')), ['--raw']);
    assert.deepEqual(differences({ forwardTo: [callback], raw: true }, nothing, runs('raw')), []);
    assert.deepEqual(differences({}, { settings: { partSize: 3, retry: 'fast' }, secrets: {} }, status({})), [
      '--config (partSize)',
    ]);
  });
});
