import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Callback, delivery, eachWithOwn, post, type Ready, type Workplace } from '../harness.ts';

describe('a signature key', function () {
  this.timeout(180_000);
  let place: Workplace;
  let callback: Callback;

  eachWithOwn((own) => ({ place, callback } = own));

  const variables = { KEY: 'k', OTHER: 'o' };
  const listen = (...args: string[]): Promise<Ready> => place.listen(args, variables).ready();
  const signed = (): string[] => ['--forward-to', callback.url, '--signature-key-env', 'KEY'];

  function configWith(value: object): string {
    const file = join(place.dataDir, 'cm-relay.config.json');
    writeFileSync(file, JSON.stringify(value));
    return file;
  }

  async function refused(args: readonly string[], named: RegExp): Promise<void> {
    const listening = place.listen(args, variables);
    const accepted = listening.json('ready').then(
      () => 'accepted',
      () => listening.ended,
    );
    assert.equal(await accepted, 2, listening.errors.join('\n'));
    assert.match(listening.errors.join('\n'), named);
  }

  it('that has no effect is refused, where the remembered destination has none', async () => {
    await listen('--forward-to', callback.url);
    await refused(['--signature-key-env', 'KEY'], /--signature-key-env KEY has no effect[^]*--forward-to/);
    await place.run('stop');
    await refused(['--signature-key-env', 'KEY'], /--signature-key-env KEY has no effect[^]*--forward-to/);
  });

  it('is taken where the remembered destination was signed with it', async () => {
    const first = place.listen(signed(), variables);
    await first.ready();
    await listen('--signature-key-env', 'KEY');
    assert.equal(await first.end(), 0);
    await listen('--signature-key-env', 'KEY');
  });

  it('is said by banner, status and show: signed, or not', async () => {
    const other = await Callback.open();
    try {
      const destinations = [{ url: callback.url, signatureKeyName: 'mine' }, { url: other.url }];
      const file = configWith({ destinations, signatureKeys: { mine: { env: 'KEY' } } });
      const args = ['listen', '--data-dir', place.dataDir, '--port', '0', '--config', file, '--output', 'interactive'];
      const listening = place.start(args, { KEY: 'k' });
      const [url = ''] = /http:\S+/.exec(await listening.line((each) => each.includes('/campaign-monitor'))) ?? [];
      await listening.line((each) => each.includes('Forwards to') && each.includes(`${callback.url} (signed)`));
      await listening.line((each) => each.endsWith(`${other.url} (unsigned)`));
      await post(url, delivery('jane@example.org'));
      await Promise.all([callback.received(1), other.received(1)]);
      const { out } = await place.run('status');
      assert.match(out, new RegExp(`${callback.url}, signed, `));
      assert.match(out, new RegExp(`${other.url}, unsigned, `));
      const shown = (await place.run('show', 'e1')).out;
      assert.match(shown, new RegExp(`→ ${callback.url} {2}signed`));
      assert.match(shown, new RegExp(`→ ${other.url} {2}unsigned`));
      const { notifications } = JSON.parse((await place.run('show', 'e1', '--json')).out) as {
        notifications: { forwardings: { destination: string; signatureKeyName?: string }[] }[];
      };
      const names = notifications.flatMap((each) => each.forwardings.map((way) => way.signatureKeyName ?? null));
      assert.deepEqual(names, ['mine', null]);

      // What the platform has posted is passed on with the signature that it came with, or without.
      const [sent] = await callback.received(1);
      await post(url.replace('/campaign-monitor', '/open-connectors'), sent?.body.toString() ?? '');
      await Promise.all([callback.received(2), other.received(2)]);
      const passedOn = (await place.run('show', 'e2')).out;
      assert.match(passedOn, new RegExp(`→ ${callback.url} {2}signature as received`));
      assert.doesNotMatch(passedOn, /signed/);
    } finally {
      await other.close();
    }
  });
});
