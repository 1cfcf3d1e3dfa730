import assert from 'node:assert/strict';
import { configuration } from '../../../scripts/settings.ts';
import { relaySettings, settingAt } from '../../../src/extension/session/taken-settings.ts';
import type { SettingName } from '../../../src/extension/settings.ts';
import { defaultSettings, settingsSchema } from '../../../src/protocol/settings.ts';

const sections = configuration as readonly { readonly properties: Readonly<Record<string, { default: unknown }>> }[];
const defaults = Object.assign({}, ...sections.map(({ properties }) => properties)) as Readonly<
  Record<string, { readonly default: unknown }>
>;

/** As VS Code has them, where the user says this. */
function reading(said: Partial<Record<SettingName, unknown>> = {}): (name: SettingName) => unknown {
  return (name) => (name in said ? said[name] : defaults[`campaignMonitorRelay.${name}`]?.default);
}

describe('The settings that the relay takes', () => {
  it('are by default as the relay has them by itself', () => {
    assert.deepEqual(settingsSchema.parse(relaySettings(reading())), defaultSettings());
  });

  it('are all but limits and the proxy', () => {
    const paths = Object.entries(defaultSettings()).flatMap(([member, value]) =>
      ['mapping', 'identity', 'retention'].includes(member)
        ? Object.keys(value as object).map((field) => `${member}.${field}`)
        : [member],
    );
    assert.deepEqual(
      paths.filter((path) => path !== 'tunnel' && settingAt(path.split('.'), 'none').name === null),
      ['maxBodyBytes', 'maxEvents', 'maxBodiesBytes', 'maxUncommitted'],
    );
  });

  it('give each kind of tunnel what it takes, without spaces around it', () => {
    const tunnel = (said: Partial<Record<SettingName, unknown>>): unknown => relaySettings(reading(said))['tunnel'];
    assert.deepEqual(tunnel({ 'tunnel.kind': 'none', 'tunnel.url': 'https://a.example' }), { kind: 'none' });
    assert.deepEqual(tunnel({ 'tunnel.kind': ' fixed ', 'tunnel.url': ' https://a.example ' }), {
      kind: 'fixed',
      url: 'https://a.example',
    });
    assert.deepEqual(tunnel({ 'tunnel.kind': 'localtunnel', 'tunnel.subdomain': ' mine ' }), {
      kind: 'localtunnel',
      host: 'https://localtunnel.me',
      subdomain: 'mine',
    });
    assert.deepEqual(tunnel({ 'tunnel.kind': 'cloudflared', 'tunnel.programs': { cloudflaredPath: '/opt/c' } }), {
      kind: 'cloudflared',
      path: '/opt/c',
    });
    assert.deepEqual(tunnel({ 'tunnel.kind': 'ngrok', 'tunnel.programs': { ngrokPath: 'ngrok', ngrokDomain: ' ' } }), {
      kind: 'ngrok',
      path: 'ngrok',
    });
  });

  const wrong: readonly [Partial<Record<SettingName, unknown>>, SettingName, string][] = [
    [{ destinations: [{ url: 'nowhere' }] }, 'destinations', '0.url'],
    [{ destinations: 'nowhere' }, 'destinations', ''],
    [{ retryPolicy: 'often' }, 'retryPolicy', ''],
    [{ mapping: { eventTypes: { Subscribe: '' } } }, 'mapping', 'eventTypes.Subscribe'],
    [{ identity: 'nobody' }, 'identity', ''],
    [{ limits: { maxMegabytes: 'much' } }, 'limits', 'maxMegabytes'],
    [{ limits: { concurrency: 0 } }, 'limits', 'concurrency'],
    [{ limits: 7 }, 'limits', 'concurrency'],
    [{ 'tunnel.kind': 'frp' }, 'tunnel.kind', ''],
    [{ 'tunnel.kind': 7 }, 'tunnel.kind', ''],
    [{ 'tunnel.kind': 'fixed' }, 'tunnel.url', ''],
    [{ 'tunnel.kind': 'localtunnel', 'tunnel.host': 7 }, 'tunnel.host', ''],
    [
      { 'tunnel.kind': 'cloudflared', 'tunnel.programs': { cloudflaredPath: ' ' } },
      'tunnel.programs',
      'cloudflaredPath',
    ],
    [{ 'tunnel.kind': 'ngrok', 'tunnel.programs': { ngrokPath: '' } }, 'tunnel.programs', 'ngrokPath'],
  ];
  for (const [said, name, rest] of wrong) {
    it(`are named where they cannot be used: ${JSON.stringify(said)}`, () => {
      const { error } = settingsSchema.safeParse(relaySettings(reading(said)));
      const [issue] = error?.issues ?? [];
      const read = reading(said);
      assert.deepEqual(settingAt(issue?.path.map(String) ?? [], read('tunnel.kind')), { name, rest });
    });
  }
});
