import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { instanceCurl, instanceText } from '../../src/export/instance-text.ts';
import type { Instance } from '../../src/open-connectors/answers.ts';
import { instance, secret } from '../extension/instances/instances.ts';

const planted = [secret, 'instance-token-in-clear=', 'the-user-token', 'key-in-clear-12', 'ada-password'];

function withSecrets(): Instance {
  return instance(
    {},
    {
      'oauth.user.token': 'the-user-token',
      'oauth.api.key': 'key-in-clear-12',
      'event.notification.basic.username': '********',
      'event.notification.basic.password': 'ada-password',
      'event.notification.signature.key': '********',
    },
  );
}

describe('an instance as text', () => {
  it('is its JSON, with every secret masked', () => {
    const text = instanceText(withSecrets());
    for (const each of planted) assert.ok(!text.includes(each), each);
    const read = JSON.parse(text) as { id: number; configuration: Record<string, string> };
    assert.equal(read.id, 50634);
    const callback = read.configuration['event.notification.callback.url'];
    assert.equal(callback, 'https://one.example/hooks/********/open-connectors');
  });

  it('is bounded and masked however deep the platform’s answer is nested', () => {
    for (const depth of [99, 5000, 100_000]) {
      const deep = JSON.parse(`${'[{"oauth.user.token":'.repeat(depth)}"too deep"${'}]'.repeat(depth)}`) as unknown;
      const text = instanceText({ ...withSecrets(), deep });
      assert.ok(text.length < 200_000);
      for (const each of [...planted, 'too deep']) assert.ok(!text.includes(each), each);
    }
  });

  it('is a command that creates one like it', () => {
    const text = instanceCurl(withSecrets(), 'https://api.example/elements/api-v2');
    for (const each of planted) assert.ok(!text.includes(each), each);
    const script = text.replace(/^curl/, `printf '%s\\n'`);
    const args = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
    assert.match(args, /https:\/\/api\.example\/elements\/api-v2\/instances/);
    const body = JSON.parse(args.slice(args.indexOf('{'))) as { name: string; configuration: Record<string, unknown> };
    assert.equal(body.name, 'API Instance');
    assert.equal(body.configuration['oauth.api.secret'], '<OAUTH_API_SECRET>');
    assert.equal(body.configuration['event.notification.signature.key'], '<SIGNATURE_KEY>');
    assert.equal(body.configuration['event.notification.enabled'], true);
  });
});
