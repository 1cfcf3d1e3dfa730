import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { diagnosticsText, fitForReport, problemsOf, relayDiagnostics } from '../../src/export/diagnostics.ts';
import { startTestRelay } from '../relay/stage.ts';

describe('What is fit for a bug report', () => {
  const secret = '0123456789abcdef'.repeat(2);
  const texts: Record<string, readonly [text: string, fit: string]> = {
    'names no host that is not this machine': [
      'connect to https://hooks.example.org:8443/a?b=c failed',
      'connect to https://******** failed',
    ],
    'names none of a socket': ['wss://live.example.org/x broke', 'wss://******** broke'],
    'names none of what only looks like a URL': [
      'https://callback.intern.example.com:99999/hook is no URL',
      'https://******** is no URL',
    ],
    'names none that is not known': [
      'cannot be reached: getaddrinfo ENOTFOUND callback.intern.example.com',
      'cannot be reached: getaddrinfo ENOTFOUND ********',
    ],
    'names none that is not known now, be it one word': [
      'getaddrinfo EAI_AGAIN intranet',
      'getaddrinfo EAI_AGAIN ********',
    ],
    'names none by its address': [
      'connect ECONNREFUSED 10.1.2.3:443, connect ETIMEDOUT 2001:db8::1:443 - Local (10.0.0.5:1234), read ECONNRESET',
      'connect ECONNREFUSED ********, connect ETIMEDOUT ******** - Local (********), read ECONNRESET',
    ],
    'names none of a certificate': [
      "Host: a.intern.example. is not in the cert's altnames: DNS:intern.example, DNS:*.b.example, IP Address:10.1.2.3",
      "Host: ********. is not in the cert's altnames: DNS:********, DNS:********, IP Address:********",
    ],
    'keeps addresses of this machine, and what is none': [
      'connect ECONNREFUSED 127.0.0.1:9, connect ECONNREFUSED ::1:9, Host: localhost. ECONNRESET while sending',
      'connect ECONNREFUSED 127.0.0.1:9, connect ECONNREFUSED ::1:9, Host: localhost. ECONNRESET while sending',
    ],
    'keeps where on this machine': [
      'http://localhost:3000/callback?x=1 refused',
      'http://localhost:3000/callback refused',
    ],
    'masks the secret of a webhook URL': [
      `http://127.0.0.1:8787/hooks/${secret}/health`,
      'http://127.0.0.1:8787/hooks/********/health',
    ],
    'masks addresses': ['jane.doe@example.org is unknown', '******** is unknown'],
    'names no home folder': [`${homedir()}/relay`, '~/relay'],
  };
  for (const [what, [text, fit]] of Object.entries(texts)) {
    it(what, () => assert.equal(fitForReport(text), fit));
  }

  it('names no host of the destinations and the tunnel, wherever it stands', async () => {
    const relay = await startTestRelay({
      settings: { destinations: [{ url: 'https://hooks.bücher.example/a' }, { url: 'http://intranet/b' }] },
    });
    const status = {
      ...(await relay.client.request('relay/status', {})),
      publicUrl: 'https://blue-cat.tunnel.example',
      earlierOpenConnectorsUrls: ['https://red-dog.tunnel.example/hooks/x/open-connectors'],
      notices: [
        'hooks.bücher.example and hooks.xn--bcher-kva.example are one',
        'Intranet is slow; blue-cat.tunnel.example: gone',
        'red-dog.tunnel.example: gone before',
      ],
    };
    assert.deepEqual(problemsOf(status, ''), [
      '******** and ******** are one',
      '******** is slow; ********: gone',
      '********: gone before',
    ]);
    const said = JSON.stringify(await relayDiagnostics(status, relay.client));
    assert.doesNotMatch(said, /b.cher|intranet|blue-cat|red-dog/i);
  });

  it('names neither the SSH server nor the host name of a tunnel', async () => {
    const relay = await startTestRelay();
    const status = await relay.client.request('relay/status', {});
    const tunnel = {
      kind: 'command',
      preset: 'ssh',
      server: 'me@bastion.example:22',
      name: 'hooks.mine.example',
    } as const;
    const reason = 'ssh exited with 255 (bastion.example: gone); hooks.mine.example is not answering.';
    const problems = problemsOf(
      {
        ...{ ...status, settings: { ...status.settings, tunnel } },
        tunnel: { state: 'failed', kind: 'ssh', reason, said: [] },
      },
      '',
    );
    assert.match(problems[0] ?? '', /the ssh tunnel is failed: ssh exited with 255 \(\*{8}: gone\); \*{8} is not/);
  });

  it('drives no terminal', () => {
    const text = diagnosticsText('x', [], [{ title: 'y', facts: [['z', '\u001b[2J']] }]);
    assert.equal(text, '## x\n\n### Problems found\n\n- nothing\n\n### y\n\n- z: \\x1b[2J\n');
  });
});
