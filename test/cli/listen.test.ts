import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connectToRelay } from '../../src/protocol/relay-client.ts';
import { Callback, delivery, eachWithOwn, post, run, runInShell, startProcess, Workplace } from './harness.ts';
import type { Line } from './harness.ts';

describe('cm-relay listen', function () {
  this.timeout(180_000);
  let place: Workplace;
  let callback: Callback;

  eachWithOwn((own) => ({ place, callback } = own));

  it('prints the ready line first, then what passes, one JSON object a line', async () => {
    const listening = place.listen(['--tunnel', 'none', '--forward-to', callback.url]);
    const ready = await listening.ready();
    assert.deepEqual(Object.keys(ready), [
      'type',
      'campaignMonitorUrl',
      'openConnectorsUrl',
      'publicUrl',
      'publicCampaignMonitorUrl',
      'publicOpenConnectorsUrl',
      'pid',
      'dataDir',
    ]);
    assert.match(ready.campaignMonitorUrl, /^http:\/\/127\.0\.0\.1:\d+\/hooks\/[0-9a-f]{32}\/campaign-monitor$/);
    assert.match(ready.openConnectorsUrl, /^http:\/\/127\.0\.0\.1:\d+\/hooks\/[0-9a-f]{32}\/open-connectors$/);
    assert.equal(ready.publicUrl, null);
    assert.equal(ready.pid, process.pid);

    assert.equal(await post(ready.campaignMonitorUrl, delivery('jane@example.org')), 200);
    const seen = await listening.json<Line & { id: string; events: { address: string; type: string }[] }>('delivery');
    assert.deepEqual([seen.id, seen.events.length, seen.events[0]?.address], ['d1', 1, 'jane@example.org']);
    const attempt = await listening.json<Line & { status: number; destination: string; outcome: string }>('attempt');
    assert.deepEqual([attempt.status, attempt.destination, attempt.outcome], [200, callback.url, 'sent']);

    assert.equal(await listening.end(), 0);
    assert.match(listening.lines[0] ?? '', /^{"type":"ready",/);
    for (const line of listening.lines) assert.doesNotThrow(() => JSON.parse(line));
  });

  it('shows the same to people, without colors where it is no terminal', async () => {
    const args = ['listen', callback.url, '--data-dir', place.dataDir, '--port', '0', '--output', 'interactive'];
    const listening = place.start(args, { NO_COLOR: undefined });
    const line = await listening.line((each) => each.includes('/campaign-monitor'));
    const url = /http:\S+/.exec(line)?.[0] ?? '';
    await post(url, delivery('jane@example.org'));
    await listening.line((each) => /● e1 +Subscribe {2}jane@example\.org/.test(each));
    await listening.line((each) => /✓ n1 +→ .*\/callback {2}200 in/.test(each));
    await post(url, `{"Events":[{"Type":"\\u001b[2J","EmailAddress":"a\\u0007@b"}],"ListID":"l"}`);
    await listening.line((each) => each.includes('\\x1b[2J  a\\x07@b'));
    await post(url, 'nonsense');
    await listening.line((each) => /✗ d3 +rejected with 400/.test(each));
    assert.equal(await listening.end(), 0);
    assert.doesNotMatch(listening.lines.join(''), /\p{Control}/u);
  });

  it('takes a port, a port and a path, and a host of this machine for a callback', async () => {
    const { port } = new URL(callback.url);
    const wanted = [`${port}/callback`, `localhost:${port}/callback?a=b`, `:${port}/`];
    const listening = place.start(['listen', ...wanted, '--data-dir', place.dataDir, '--port', '0', '--json']);
    await listening.ready();
    const { out } = await place.run('status', '--json');
    const { settings } = JSON.parse(out) as { settings: { destinations: { url: string }[] } };
    const urls = ['/callback', '/callback?a=b', '/'].map((path) => `http://localhost:${port}${path}`);
    assert.deepEqual(
      settings.destinations.map(({ url }) => url),
      urls,
    );
    // To attach, the same in whichever way.
    const attached = place.start([
      'listen',
      urls[0] ?? '',
      '--forward-to',
      urls[1] ?? '',
      port,
      '--data-dir',
      place.dataDir,
      '--json',
    ]);
    const same = place.start(['listen', '--data-dir', place.dataDir, '--json', ...urls]);
    assert.equal(await attached.ended, 2, attached.errors.join('\n'));
    await same.ready();
    assert.equal(await listening.end(), 0);
  });

  it('forwards the bytes as they came to each callback with --raw, and attaches with the same flags alone', async () => {
    const other = await Callback.open();
    const flags = [callback.url, other.url, '--raw'];
    try {
      const { campaignMonitorUrl, pid } = await place.listen(flags).ready();
      const body = `${delivery('jane@example.org')} \n`;
      await post(campaignMonitorUrl, body);
      for (const each of [callback, other]) {
        const [posted] = await each.received(1);
        assert.equal(posted?.body.toString(), body);
      }
      assert.equal((await place.listen(flags).ready()).pid, pid);
    } finally {
      await other.close();
    }
  });

  it('shows what fits a filter alone, of attempts as of deliveries, and receives all', async () => {
    const listening = place.listen([callback.url, '--filter', 'address:jane@example.org type:subscribe']);
    const { campaignMonitorUrl } = await listening.ready();
    for (const [address, type] of [
      ['john@example.org', 'Subscribe'],
      ['jane@example.org', 'Update'],
      ['jane@example.org', 'Subscribe'],
    ]) {
      await post(campaignMonitorUrl, delivery(address ?? '', type));
    }
    await listening.json('attempt', ({ deliveryId }) => deliveryId === 'd3');
    await callback.received(3);
    const shown = listening.lines.map((line) => JSON.parse(line) as Line & { id?: string; deliveryId?: string });
    assert.deepEqual(
      shown.slice(1).map(({ type, id, deliveryId }) => [type, id ?? deliveryId]),
      [
        ['delivery', 'd3'],
        ['attempt', 'd3'],
      ],
    );
  });

  it('says less without a terminal, and no secret; nothing where it is to be quiet', async () => {
    const compact = place.start(['listen', callback.url, '--data-dir', place.dataDir, '--port', '0']);
    const line = await compact.line((each) => each.includes('for the full URL, run cm-relay url --local'));
    assert.match(
      line,
      /^Campaign Monitor Relay \S+, process \d+\. Listening on http:\S+\/hooks\/\*{8}\/\S+ .*, forwarding to http:/,
    );
    const quiet = place.start(['listen', '--data-dir', place.dataDir, '--output', 'quiet']);
    const { out: url } = await place.run('url', '--local');
    await post(url.trim(), delivery('jane@example.org'));
    await compact.line((each) => each.includes('200 in'));
    const [, secret = ''] = /hooks\/([0-9a-f]{32})/.exec(url) ?? [];
    assert.ok(!compact.lines.join('\n').includes(secret));
    assert.equal(await quiet.end(), 0);
    assert.deepEqual([quiet.lines, quiet.errors], [[], []]);
    const detached = await place.run('listen', '--detach');
    assert.match(detached.out, /attached to the running relay/);
    assert.ok(!detached.out.includes(secret));
    assert.equal((await place.run('listen', '--detach', '--output', 'quiet')).out, '');
    assert.ok((await place.run('listen', '--detach', '--output', 'interactive')).out.includes(secret));
  });

  it('ends the relay that it started on SIGINT and SIGTERM', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const listening = place.listenProcess();
      const { dataDir } = await listening.ready();
      assert.equal(await listening.end(signal), 0);
      await assert.rejects(connectToRelay(dataDir), /no relay is running/);
    }
  });

  it('attaches to a relay that runs, sees the same, and only detaches', async () => {
    const first = place.listen(['--forward-to', callback.url]);
    const { campaignMonitorUrl, pid } = await first.ready();
    const second = place.listen(['--forward-to', callback.url, '--retry', 'fast', '--tunnel', 'none']);
    assert.equal((await second.ready()).pid, pid);
    await post(campaignMonitorUrl, delivery('jane@example.org'));
    await Promise.all([first.json('delivery'), second.json('delivery'), second.json('attempt')]);
    assert.equal(await second.end(), 0);
    assert.match(second.errors.join('\n'), /Detached/);
    assert.equal(await post(campaignMonitorUrl, delivery('joe@example.org')), 200);
    assert.equal(await first.end(), 0);
  });

  it('signs with the key of --signature-key-env and checks with that of --verify-key-env', async () => {
    const flags = ['--forward-to', callback.url, '--signature-key-env', 'SIGN', '--verify-key-env', 'VERIFY'];
    const listening = place.listen(flags, { SIGN: 'signing key', VERIFY: 'verify key' });
    const { campaignMonitorUrl, openConnectorsUrl } = await listening.ready();
    await post(campaignMonitorUrl, delivery('jane@example.org'));
    const [sent] = await callback.received(1);
    assert.ok(sent);
    const signature = (body: string | Uint8Array, key: string): string =>
      `sha256=${createHmac('sha256', key).update(body).digest('base64')}`;
    assert.equal(sent.headers['elements-webhook-signature'], signature(sent.body, 'signing key'));

    const body = sent.body.toString();
    await post(openConnectorsUrl, body, { 'elements-webhook-signature': signature(body, 'verify key') });
    await listening.json('delivery', ({ id, signature: check }) => id === 'd2' && check === 'valid');
    await post(openConnectorsUrl, body, { 'elements-webhook-signature': signature(body, 'another') });
    await listening.json('delivery', ({ id, signature: check }) => id === 'd3' && check === 'invalid');
    await listening.end();
    assert.doesNotMatch(`${listening.lines.join('\n')}${listening.errors.join('\n')}`, /signing key|verify key/);
  });

  it('takes everything else from --config, over which flags win', async () => {
    const config = join(place.dataDir, 'cm-relay.config.json');
    const { url } = callback;
    writeFileSync(
      config,
      JSON.stringify({
        destinations: [{ url, signatureKeyName: 'mine', credentialsName: 'staging', headers: { 'X-Test': 'yes' } }],
        partSize: 2,
        retry: 'sap',
        identity: { instanceId: 4711 },
        signatureKeys: { mine: { env: 'SIGN' } },
        credentials: { staging: { Authorization: { env: 'AUTH' } } },
      }),
    );
    const environment = { SIGN: 'k', AUTH: 'Bearer token' };
    const listening = place.listen(['--config', config, '--allow-env', '--retry', 'none'], environment);
    const { campaignMonitorUrl, dataDir } = await listening.ready();
    const client = await connectToRelay(dataDir);
    const { settings } = await client.request('relay/status', {});
    client.close();
    assert.deepEqual([settings.retry, settings.partSize, settings.concurrency], ['none', 2, 1]);
    await post(campaignMonitorUrl, delivery('jane@example.org'));
    const [sent] = await callback.received(1);
    assert.equal(sent?.headers.authorization, 'Bearer token');
    assert.equal(sent.headers['x-test'], 'yes');
    assert.ok(sent.headers['elements-webhook-signature']);
    assert.match(sent.body.toString(), /"instanceId":4711/);
    const again = await run(['listen', '--data-dir', place.dataDir, '--config', config, '--allow-env'], environment);
    assert.equal(again.code, 2, 'the file says sap, the relay none');
    assert.match(again.err, /--config \(retry\)/);
  });

  it('applies each of its other flags', async () => {
    const flags = ['--retry', 'sap', '--time-zone', 'Asia/Tokyo', '--concurrency', '3', '--retain', '9'];
    const { dataDir, publicUrl } = await place
      .listen([...flags, '--tunnel', 'localtunnel', '--tunnel-host', 'http://127.0.0.1:9', '--subdomain', 'mine'])
      .ready();
    assert.equal(publicUrl, null);
    const client = await connectToRelay(dataDir);
    const { settings } = await client.request('relay/status', {});
    client.close();
    assert.deepEqual(
      [settings.retry, settings.timeZone, settings.concurrency, settings.retention.maxDeliveries],
      ['sap', 'Asia/Tokyo', 3, 9],
    );
    assert.deepEqual(settings.tunnel, { kind: 'localtunnel', host: 'http://127.0.0.1:9', subdomain: 'mine' });
  });

  it('has the public URL in the ready line where the tunnel opens in time', async () => {
    // A fixed URL that leads to the webhook endpoint: a proxy on loopback.
    let target = '';
    const proxy = createServer((request, response) => {
      fetch(new URL(request.url ?? '/', target), { method: request.method ?? 'GET' }).then(
        (answer) => response.writeHead(answer.status).end(),
        () => response.writeHead(502).end(),
      );
    });
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    try {
      const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      const first = place.listen();
      target = (await first.ready()).campaignMonitorUrl;
      await first.end();
      // The port is remembered.
      const args = ['listen', '--data-dir', place.dataDir, '--json', '--tunnel', url];
      const listening = place.start(args);
      const ready = await listening.ready();
      assert.equal(ready.campaignMonitorUrl, target);
      assert.equal(ready.publicUrl, url);
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  it('keeps its port for the data directory, and fails where the one asked for is taken', async () => {
    const first = place.listen();
    const { campaignMonitorUrl } = await first.ready();
    const other = new Workplace();
    try {
      const taken = await other.run('listen', '--port', new URL(campaignMonitorUrl).port);
      assert.equal(taken.code, 1);
      assert.match(taken.err, /port \d+ is in use[^]*0 for any free port/);
    } finally {
      await other.close();
    }
    await first.end();
    const second = place.start(['listen', '--data-dir', place.dataDir, '--json']);
    assert.equal((await second.ready()).campaignMonitorUrl, campaignMonitorUrl);
  });

  /** It is printed in a long line. */
  const batch = JSON.stringify({
    ListID: 'l',
    Events: Array.from({ length: 40 }, () => ({ Type: 'Subscribe', EmailAddress: 'jane@example.org' })),
  });

  it('never lets a reader that has stopped slow the relay down', async () => {
    const child = startProcess([
      'listen',
      '--data-dir',
      place.dataDir,
      '--json',
      '--port',
      '0',
      '--forward-to',
      callback.url,
    ]);
    try {
      // Only the first line is read; then nobody takes anything from the pipe.
      const url = await new Promise<string>((resolve) => {
        child.stdout.once('data', (chunk: Buffer) => {
          child.stdout.pause();
          resolve((JSON.parse(chunk.toString()) as { campaignMonitorUrl: string }).campaignMonitorUrl);
        });
      });
      for (let round = 0; round < 10; round++) {
        const answers = await Promise.all(Array.from({ length: 20 }, () => post(url, batch)));
        assert.ok(answers.every((status) => status === 200));
      }
      // Two parts of each.
      await callback.received(400);
      // Read on: what was printed, then how many lines were left out.
      let text = '';
      const missed = new Promise<{ count: number }>((resolve) => {
        child.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          const line = /\{"type":"missed".*\}/.exec(text)?.[0];
          if (line !== undefined) resolve(JSON.parse(line) as { count: number });
        });
      });
      child.stdout.resume();
      assert.ok((await missed).count > 0);
      assert.equal(await post(url, batch), 200);
      child.kill('SIGINT');
      const [code] = (await once(child, 'close')) as [number];
      assert.equal(code, 0);
      const types = text
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as Line).type);
      assert.equal(types.filter((type) => type === 'missed').length, 1);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('ends when its reader does, though nothing comes in, and says so once', async () => {
    for (const flags of [['--json'], []]) {
      const args = ['listen', '--data-dir', place.dataDir, '--port', '0', ...flags];
      const { code, out, err } = await runInShell('"$@" | head -1; echo ended', args);
      assert.equal(code, 0);
      assert.match(out, /^(?:{"type":"ready",.*}|Campaign Monitor Relay .*)\nended\n$/);
      assert.equal(err.match(/The output was closed/g)?.length, 1, err);
      await assert.rejects(connectToRelay(place.dataDir), /no relay is running/);
    }
  });

  it('fails where a relay that it attached to is killed, and says what to do', async () => {
    const first = place.listenProcess();
    await first.ready();
    const second = place.listen();
    await second.ready();
    first.kill();
    assert.equal(await second.ended, 1);
    assert.match(
      second.errors.join('\n'),
      /error: the relay stopped unexpectedly[^]*To restart the relay, run cm-relay listen --data-dir \S+\./,
    );
    assert.doesNotMatch(second.errors.join('\n'), /The relay has stopped/);
  });

  it('masks credentials in the URL of a destination, as exports do', async () => {
    const listening = place.listen(['--forward-to', `${callback.url}?token=planted`]);
    const { campaignMonitorUrl } = await listening.ready();
    const text = place.start(['listen', '--data-dir', place.dataDir]);
    await text.line((line) => line.includes('forwarding to'));
    await post(campaignMonitorUrl, delivery('jane@example.org'));
    await listening.json('attempt', ({ status }) => status === 200);
    await text.line((line) => line.includes('200 in'));
    for (const { lines } of [listening, text]) assert.doesNotMatch(lines.join('\n'), /planted/);
  });
});
