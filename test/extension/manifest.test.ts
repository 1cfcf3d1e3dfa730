import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

interface Property {
  readonly default: unknown;
  readonly scope: string;
  readonly type: string;
  readonly pattern?: string;
  readonly patternErrorMessage?: string;
  readonly enum?: readonly string[];
  readonly enumDescriptions?: readonly string[];
  readonly minimum?: number;
  readonly properties?: object;
}
const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly publisher: string;
  readonly name: string;
  readonly extensionKind: readonly string[];
  readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } };
  readonly contributes: {
    readonly configuration: readonly { readonly properties: Readonly<Record<string, Property>> }[];
  };
};
const properties = Object.assign({}, ...manifest.contributes.configuration.map((each) => each.properties)) as Readonly<
  Record<string, Property>
>;

describe('The manifest', () => {
  it('names the extension, which runs where the developer’s server runs', () => {
    assert.equal(`${manifest.publisher}.${manifest.name}`, 'cm-relay.campaign-monitor-relay');
    assert.deepEqual(manifest.extensionKind, ['workspace']);
  });

  it('leaves hosts and programs to the machine, and what decides where data goes, or stays, to trusted folders', () => {
    const hosts = ['tunnel.host', 'openConnectors.host', 'campaignMonitor.host'];
    for (const name of [...hosts, 'tunnel.programs'])
      assert.equal(properties[`campaignMonitorRelay.${name}`]?.scope, 'machine');
    const redirecting = Object.keys(properties).filter((name) =>
      /^campaignMonitorRelay\.(?:destinations|port|tunnel\..*|openConnectors\.host|campaignMonitor\.host|webhooks\..*|limits)$/.test(
        name,
      ),
    );
    const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
    assert.deepEqual(
      redirecting.filter((name) => !restricted.includes(name)),
      [],
    );
  });

  it('has at most 21 settings; what few look for are members of one', () => {
    assert.ok(Object.keys(properties).length <= 21, `${Object.keys(properties).length} settings`);
    for (const name of ['mapping', 'identity', 'limits', 'tunnel.programs']) {
      const property = properties[`campaignMonitorRelay.${name}`];
      assert.equal(property?.type, 'object', name);
      assert.deepEqual(Object.keys(property.default as object), Object.keys(property.properties ?? {}), name);
    }
  });

  it('shows each setting in a section, and says what is wrong where one does not match', () => {
    const { configuration } = manifest.contributes;
    assert.ok(configuration.length > 3);
    for (const [name, property] of Object.entries(properties)) {
      if (property.pattern !== undefined) assert.ok(property.patternErrorMessage, name);
      if (property.enum !== undefined)
        assert.equal(property.enumDescriptions?.length, property.enum.length, `${name}: each value has a description`);
      if (property.type === 'integer' || property.type === 'number') assert.ok(property.minimum !== undefined, name);
    }
  });

  it('matches its own patterns by default', () => {
    for (const [name, { pattern, default: value }] of Object.entries(properties))
      if (pattern !== undefined) assert.match(value as string, new RegExp(pattern), name);
  });

  it('offers a URL with a password nowhere', () => {
    const destinations = properties['campaignMonitorRelay.destinations'] as unknown as {
      items: { properties: { url: { pattern: string } } };
    };
    const url = new RegExp(destinations.items.properties.url.pattern);
    assert.match('http://localhost:3000/callback?to=a@b', url);
    assert.doesNotMatch('http://user:secret@localhost:3000/', url);
    assert.doesNotMatch('localhost:3000', url);
  });
});
