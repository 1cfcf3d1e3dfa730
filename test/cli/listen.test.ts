import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connectToRelay } from '../../src/protocol/relay-client.ts';
import { Callback, delivery, eachWithOwn, post, run, runInShell, startProcess, Workplace } from './harness.ts';
import type { Line, Running } from './harness.ts';

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

  it('shows the same to people, without colours where it is no terminal', async () => {
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

  it('accepts any certificate with --insecure, and sends the headers of --header', async () => {
    const listening = place.listen([callback.url, '--insecure', '--header', 'X-Tenant: 7', '--header', 'X-Empty:']);
    const { campaignMonitorUrl } = await listening.ready();
    await post(campaignMonitorUrl, delivery('jane@example.org'));
    const [posted] = await callback.received(1);
    assert.deepEqual([posted?.headers['x-tenant'], posted?.headers['x-empty']], ['7', '']);
    const { out } = await place.run('status', '--json');
    const { settings } = JSON.parse(out) as { settings: { destinations: { insecureTls?: boolean }[] } };
    assert.deepEqual(
      settings.destinations.map(({ insecureTls }) => insecureTls),
      [true],
    );
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

  it('begins the retry policy anew after a replay, and counts attempts on', async () => {
    const args = ['listen', callback.url, '--data-dir', place.dataDir, '--port', '0', '--output', 'interactive'];
    const listening = place.start(args);
    const [url = ''] = /http:\S+/.exec(await listening.line((each) => each.includes('/campaign-monitor'))) ?? [];
    callback.status = 400;
    await post(url, delivery('jane@example.org'));
    await listening.line((each) => /✗ n1 (?:.*)will not retry/.test(each));
    callback.status = 500;
    await place.run('resend', 'n1');
    await listening.line((each) => /↻ n1 .*500.* attempt 3 of 7/.test(each));
  });

  it('ends the relay that it started on SIGINT and SIGTERM', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const listening = place.listenProcess();
      const { dataDir } = await listening.ready();
      assert.equal(await listening.end(signal), 0);
      await assert.rejects(connectToRelay(dataDir), /no relay is running/);
    }
  });

  it('ends at once on a second signal', async () => {
    // A callback that never answers: what is under way keeps the end waiting.
    const silent = createServer();
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    try {
      const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
      const listening = place.listenProcess(['--forward-to', url]);
      const { campaignMonitorUrl } = await listening.ready();
      const asked = once(silent, 'request');
      await post(campaignMonitorUrl, delivery('jane@example.org'));
      await asked;
      listening.child.kill('SIGINT');
      const code = await listening.end('SIGINT');
      assert.ok(code === 130 || code === 0, String(code));
    } finally {
      silent.closeAllConnections();
      silent.close();
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

  it('attaches with the same --config, a password of a proxy in it', async () => {
    const config = join(place.dataDir, 'cm-relay.config.json');
    writeFileSync(config, JSON.stringify({ proxy: { url: 'http://me:planted@127.0.0.1:9' }, retry: 'sap' }));
    const { pid } = await place.listen(['--config', config]).ready();
    assert.equal((await place.listen(['--config', config]).ready()).pid, pid);
  });

  it('refuses to attach with a flag that asks for something else, and names it', async () => {
    await place.listen(['--forward-to', callback.url]).ready();
    const config = join(place.dataDir, 'other.config.json');
    writeFileSync(config, JSON.stringify({ partSize: 3 }));
    const differing: [string, ...string[]][] = [
      ['--forward-to', 'http://localhost:1/other'],
      ['--port', '1'],
      ['--tunnel', 'https://hooks.example.org'],
      ['--retry', 'sap'],
      ['--time-zone', 'Europe/Berlin'],
      ['--concurrency', '2'],
      ['--retain', '7'],
      ['--raw', callback.url],
      ['--config', config],
    ];
    const ended = await Promise.all(
      differing.map(async (flags) => [flags[0], await place.run('listen', ...flags)] as const),
    );
    for (const [flag, { code, err }] of ended) {
      assert.equal(code, 2, `${flag}: ${err}`);
      assert.match(err, new RegExp(`error: ${flag}.* differs from the relay already running`));
    }
    const signed = ['--forward-to', callback.url, '--signature-key-env', 'KEY'];
    const { code, err } = await run(['listen', '--data-dir', place.dataDir, ...signed], { KEY: 'k' });
    assert.equal(code, 2);
    assert.match(err, /--signature-key-env/);
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

  const signing = (): string[] => ['--forward-to', callback.url, '--signature-key-env', 'KEY'];
  /** A relay that ran with a key and runs again: destinations are remembered, keys are not. */
  const startWithoutKey = async (): Promise<{ readonly second: Running; readonly url: string }> => {
    const first = place.listen(signing(), { KEY: 'k' });
    await first.ready();
    await first.end();
    const second = place.listen();
    return { second, url: (await second.ready()).campaignMonitorUrl };
  };
  /** Such a relay, which has ended by now: a notification waits for the key. */
  const holdForKey = async (): Promise<void> => {
    const { second, url } = await startWithoutKey();
    await post(url, delivery('jane@example.org'));
    await second.json('delivery');
    await second.end();
  };

  it('gives a relay that it attaches to the key that it lacks', async () => {
    const { second, url } = await startWithoutKey();
    const advice =
      /SIGNATURE_KEY to the key, and then run cm-relay listen --data-dir \S+ --signature-key-env SIGNATURE_KEY in/;
    await second.line((line) => /missing keys or credentials: default\./.test(line) && advice.test(line), 'errors');
    await post(url, delivery('jane@example.org'));
    await second.json('delivery');
    assert.equal(callback.posts.length, 0);
    const inOneLine = (text: string): string => text.replace(/\s+/g, ' ');
    assert.match(inOneLine((await place.run('status')).out), advice);
    assert.match(inOneLine((await place.run('doctor')).out), new RegExp(`"default" are on hold\\..*${advice.source}`));
    assert.match(
      inOneLine((await place.run('show', 'e1')).out),
      /To see how to supply what is missing, run cm-relay status/,
    );
    await place.listen(signing(), { KEY: 'k' }).ready();
    const [sent] = await callback.received(1);
    assert.ok(sent?.headers['elements-webhook-signature']);
  });

  it('says of a relay that has stopped that a start shows how a missing key is supplied', async () => {
    await holdForKey();
    assert.match(
      (await place.run('status')).out,
      /Held: 1 notification\. To see how to supply missing keys, start the relay/,
    );
  });

  it('takes the key of a destination that is no longer in the settings, where something waits for it', async () => {
    await holdForKey();
    await place.listen(['--forward-to', 'http://127.0.0.1:9/other']).ready();
    await place.listen(['--signature-key-env', 'KEY'], { KEY: 'k' }).ready();
    const [sent] = await callback.received(1);
    assert.ok(sent?.headers['elements-webhook-signature']);
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

  it('takes the data directory from CM_RELAY_DATA_DIR', async () => {
    const listening = place.start(['listen', '--json', '--port', '0'], { CM_RELAY_DATA_DIR: place.dataDir });
    const { dataDir } = await listening.ready();
    assert.ok((await place.run('stop')).out.includes('stopped'), dataDir);
    assert.equal(await listening.ended, 0);
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

  it('ends on SIGINT though a reader has stopped for good', async () => {
    const child = startProcess(['listen', '--data-dir', place.dataDir, '--json', '--port', '0']);
    try {
      const url = await new Promise<string>((resolve) => {
        child.stdout.once('data', (chunk: Buffer) => {
          child.stdout.pause();
          resolve((JSON.parse(chunk.toString()) as { campaignMonitorUrl: string }).campaignMonitorUrl);
        });
      });
      await Promise.all(Array.from({ length: 40 }, () => post(url, batch)));
      child.kill('SIGINT');
      const [code] = (await once(child, 'exit')) as [number];
      assert.equal(code, 0);
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

  it('only detaches when its reader ends, where it has attached', async () => {
    const first = place.listen(['--forward-to', callback.url]);
    const { campaignMonitorUrl } = await first.ready();
    const { code, err } = await runInShell('"$@" | head -1', ['listen', '--json', '--data-dir', place.dataDir]);
    assert.equal(code, 0);
    assert.match(err, /The output was closed[^]*Detached/);
    assert.equal(await post(campaignMonitorUrl, delivery('jane@example.org')), 200);
    await callback.received(1);
    assert.equal(await first.end(), 0);
  });

  it('asks a pipe whether it is read with what means nothing before a line', async () => {
    const { out } = await runInShell('"$@" | { read -r ready; echo "$ready"; head -c 1; }', [
      ...['listen', '--json', '--port', '0', '--data-dir', place.dataDir],
    ]);
    assert.match(out, /^{"type":"ready",.*}\n $/);
    assert.deepEqual(JSON.parse(`   ${out.trim()}`), JSON.parse(out.trim()));
  });

  it('fails where its output cannot be written', async () => {
    const args = ['listen', '--data-dir', place.dataDir, '--port', '0', '--json'];
    const { code, err } = await runInShell('"$@" > /dev/full', args);
    assert.equal(code, 1, err);
    assert.match(err, /error: cannot write to standard output: ENOSPC[^]*Free some disk space/);
    assert.doesNotMatch(err, /^ +at /m);
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

  it('says that a port needs rights, where it does', async function () {
    const first = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
    if (process.getuid?.() !== 0 || first <= 80) this.skip();
    const args = ['listen', '--data-dir', place.dataDir, '--port', '80'];
    const { code, err } = await runInShell('exec setpriv --bounding-set=-net_bind_service "$@"', args);
    assert.equal(code, 1);
    assert.match(err, /error: port 80 requires elevated privileges, like every port below 1024[^]*Choose another port/);
  });
});
