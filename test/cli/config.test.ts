import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publishedSchema, schemaFile } from '../../scripts/config-schema.ts';
import { parseConfig, readConfig } from '../../src/cli/config.ts';
import { UsageError } from '../../src/cli/errors.ts';

function refused(value: unknown, environment: NodeJS.ProcessEnv = {}): string {
  try {
    parseConfig(value, 'f.json', environment);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.message;
  }
  return assert.fail('accepted');
}

describe('the configuration file', () => {
  it('names a tunnel, and no program for it', () => {
    const { settings } = parseConfig({ tunnel: { kind: 'ngrok', domain: 'a.ngrok.app' } }, 'f.json', {});
    assert.deepEqual(settings.tunnel, { kind: 'command', preset: 'ngrok', name: 'a.ngrok.app' });
    assert.match(refused({ tunnel: { kind: 'ngrok', path: './evil' } }), /tunnel\.path: a file can’t name a program/);
    const program = { program: './evil', args: [], url: { from: 'output', pattern: 'x' } };
    assert.match(
      refused({ tunnel: { kind: 'command', program } }),
      /tunnel\.kind: a file can’t name a program; use "--tunnel-command" on the command line/,
    );
    assert.match(
      refused({ tunnel: { kind: 'frp' } }),
      /tunnel\.kind: must be one of none, fixed, localtunnel, devtunnel/,
    );
    for (const tunnel of [
      { kind: 'command', program: { program: './evil', args: [], url: { from: 'output', pattern: '.' } } },
      { kind: 'command', preset: 'ngrok', path: './evil' },
      { kind: 'ngrok', notBelow: [] },
    ])
      assert.match(refused({ tunnel }), /tunnel/);
  });

  it('takes keys and credentials from the environment variables that it names', () => {
    const { secrets } = parseConfig(
      {
        signatureKeys: { mine: { env: 'SIGN' } },
        verifyKeys: { platform: { env: 'VERIFY' } },
        credentials: { staging: { Authorization: { env: 'AUTH' }, 'X-Api-Key': { env: 'KEY' } } },
      },
      'f.json',
      { SIGN: 's', VERIFY: 'v', AUTH: 'Bearer a', KEY: 'k' },
    );
    assert.deepEqual(secrets, {
      signatureKeys: { mine: 's' },
      verifyKeys: { platform: 'v' },
      credentials: { staging: { Authorization: 'Bearer a', 'X-Api-Key': 'k' } },
    });
  });

  it('names the path of an environment variable that is not set', () => {
    const value = { credentials: { staging: { Authorization: { env: 'AUTH' } } } };
    assert.match(
      refused(value, {}),
      /^--config f\.json: credentials\.staging\.Authorization uses the environment variable AUTH, which is not set$/,
    );
    assert.match(refused(value, { AUTH: '' }), /AUTH, which is empty$/);
  });

  it('refuses a secret in clear', () => {
    assert.match(refused({ signatureKeys: { mine: 'in clear' } }), /signatureKeys\.mine/);
  });

  it('refuses what it does not know, and names the path', () => {
    assert.match(refused({ destination: [] }), /--config f\.json: .*destination/s);
    assert.match(
      refused({ destinations: [{ url: 'http://localhost/', color: 'red' }] }),
      /destinations\[0\]: unknown key "color"/,
    );
    assert.match(refused({ concurrency: 0 }), /concurrency/);
    assert.match(refused({ destinations: [{ url: 'nowhere' }] }), /--config f\.json: .*URL/s);
    assert.match(refused([]), /--config/);
  });

  it('names --config where the file is missing or is not JSON', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cm-relay-config-'));
    try {
      const file = join(folder, 'config.json');
      assert.throws(() => readConfig(file, {}), /--config .*config\.json: cannot read the file/);
      writeFileSync(file, '{ retry }');
      assert.throws(() => readConfig(file, {}), /--config .*config\.json: not valid JSON/);
      writeFileSync(file, '\ufeff{"retry":"none"}');
      assert.deepEqual(readConfig(file, {}).settings, { retry: 'none' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is described by the published schema (node scripts/config-schema.ts writes it)', async () => {
    assert.equal(readFileSync(schemaFile, 'utf8'), await publishedSchema());
  });
});
