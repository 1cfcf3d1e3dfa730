import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../../src/cli/background.ts';
import { connectToRelay } from '../../src/protocol/relay-client.ts';
import type { AttemptDetail, EventRow } from '../../src/protocol/history.ts';
import { freePort } from '../free-port.ts';
import { temporaryFolder } from '../relay/afterward.ts';
import { Callback, delivery, post, run, runInShell, Workplace } from './harness.ts';
import type { Ended, Line, Ready, Running } from './harness.ts';

/** The lines of --json. */
function rows<T = Line>(ended: Ended): T[] {
  assert.equal(ended.code, 0, ended.err);
  return ended.out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]));
}

describe('the commands of cm-relay', function () {
  this.timeout(180_000);
  let place: Workplace;
  let callback: Callback;
  let listening: Running;
  let ready: Ready;

  /** Resolves when that many attempts were printed. */
  async function attempts(count: number): Promise<void> {
    await listening.line(() => listening.lines.filter((line) => line.includes('"type":"attempt"')).length >= count);
  }

  beforeEach(async () => {
    place = new Workplace();
    callback = await Callback.open();
    listening = place.listen(['--forward-to', callback.url, '--retry', 'none']);
    ready = await listening.ready();
  });

  afterEach(async () => {
    await place.close();
    await callback.close();
  });

  describe('trigger', () => {
    it('sends one delivery of the type, and prints the answer', async () => {
      for (const [type, vendorType] of [
        ['subscribe', 'Subscribe'],
        ['update', 'Update'],
        ['deactivate', 'Deactivate'],
      ] as const) {
        const { code, out } = await place.run('trigger', type);
        assert.equal(code, 0);
        assert.match(out, new RegExp(`^1  ${vendorType}  \\S+@example\\.\\w+  relay answered 200 in [\\d.]+ m?s\\n$`));
        await listening.json<Line & { events: EventRow[] }>('delivery', ({ events }) => events[0]?.type === vendorType);
      }
    });

    it('sends as many deliveries with as many events as asked for, about the list and address', async () => {
      const flags = ['--count', '3', '--batch', '4', '--list', 'abc', '--email', 'jane@example.org'];
      const { code, out } = await place.run('trigger', 'subscribe', ...flags);
      assert.equal(code, 0);
      assert.match(out, /3 deliveries in .*, 3 answered 200\n$/);
      const found = rows<EventRow>(await place.run('events', '--json'));
      assert.equal(found.length, 12);
      assert.deepEqual([...new Set(found.map(({ list, address }) => `${list} ${address}`))], ['abc jane@example.org']);
      assert.equal(new Set(found.map(({ deliveryId }) => deliveryId)).size, 3);
    });
  });

  describe('events', () => {
    beforeEach(async () => {
      for (const [address, type] of [
        ['jane@example.org', 'Subscribe'],
        ['joe@example.org', 'Update'],
        ['jill@example.org', 'Subscribe'],
      ] as const) {
        await post(ready.campaignMonitorUrl, delivery(address, type));
      }
      await attempts(3);
    });

    it('lists newest first, for people and machines', async () => {
      const { code, out } = await place.run('events');
      assert.equal(code, 0);
      const [heading, ...lines] = out.trimEnd().split('\n');
      assert.match(heading ?? '', /^EVENT +RECEIVED +TYPE +ADDRESS +FORWARDED$/);
      assert.match(lines[0] ?? '', /^e3 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d Subscribe +jill@example\.org +sent$/);
      assert.equal(lines.length, 3);
      const found = rows<EventRow>(await place.run('events', '--json'));
      assert.deepEqual(
        found.map(({ id }) => id),
        ['e3', 'e2', 'e1'],
      );
    });

    it('takes a filter and a limit', async () => {
      const filtered = rows<EventRow>(await place.run('events', '--filter', 'type:subscribe', '--json'));
      assert.deepEqual(
        filtered.map(({ id }) => id),
        ['e3', 'e1'],
      );
      const two = await place.run('events', '--limit', '2', '--json');
      assert.equal(rows(two).length, 2);
      assert.match(two.err, /^Showing the newest 2\. For more, add --limit \d+\.\n$/);
      assert.equal((await place.run('events', '--limit', '3')).err, '');
      const none = await place.run('events', '--filter', 'type:deactivate');
      assert.deepEqual([none.code, none.out], [0, '']);
      assert.equal(none.err, 'No events match the filter.\n');
      const typo = await place.run('events', '--filter', 'type:udpate,SUBSCRIBED');
      assert.deepEqual([typo.code, typo.out], [0, '']);
      assert.match(
        typo.err,
        /No event has the type "udpate" or "SUBSCRIBED"\. Available types: Deactivate, Subscribe, Update\./,
      );
      for (const command of [['resend'], ['wait', '--timeout', '0'], ['export', '--as', 'curl']] as [
        string,
        ...string[],
      ][]) {
        const { code, err } = await place.run(...command, '--filter', 'type:udpate');
        assert.equal(code, 1, err);
        assert.match(err, /the type "udpate"\. Available types:/);
      }
    });

    it('says that there is no history where none is', async () => {
      const other = new Workplace();
      try {
        const { code, err } = await other.run('events');
        assert.equal(code, 1);
        assert.match(err, /no history[^]*cm-relay listen/);
      } finally {
        await other.close();
      }
    });
  });

  describe('show', () => {
    const odd =
      '{ "ListID" : "l",\r\n "Events":[{"Type":"Subscribe","EmailAddress":"ü@example.org","Date":"2026-01-15"}] }\n';

    beforeEach(async () => {
      await post(ready.campaignMonitorUrl, odd);
      await attempts(1);
    });

    it('shows an event in full by any of its ids', async () => {
      for (const id of ['e1', 'd1', 'n1']) {
        const { code, out } = await place.run('show', id);
        assert.equal(code, 0);
        assert.match(out, /^e1 {2}Subscribe {2}ü@example\.org\n/);
        assert.match(out, /content-type: application\/json/i);
        assert.match(out, /"EmailAddress": "ü@example\.org"/);
        assert.match(
          out,
          /n1 {2}normalized notification {2}eventId \S+\n {2}→ \S+\/callback {2}unsigned {2}sent\n {4}attempt 1 /,
        );
      }
    });

    it('shows what was sent, with its headers, and what was answered', async () => {
      callback.answer = { body: '{"kept":true}', headers: { 'x-callback': 'mine' } };
      await post(ready.campaignMonitorUrl, odd);
      await attempts(2);
      const { out } = await place.run('show', 'd2');
      const [, sent = '', answered = ''] = /^Sent to (\S+\/callback\n[^]*)^Answered (200\n[^]*)/m.exec(out) ?? [];
      assert.match(sent, /^ {2}content-type: application\/json/im);
      assert.match(sent, /"eventId": "/);
      assert.match(answered, /^ {2}x-callback: mine$/m);
      assert.match(answered, /"kept": true/);
      const [all] = rows<{ requests: { url: string; headers: [string, string][]; body: { text: string } }[] }>(
        await place.run('show', 'd2', '--json'),
      );
      assert.equal(all?.requests[0]?.body.text, callback.posts.at(-1)?.body.toString());
      // One that goes nowhere yet says what would go.
      callback.answer = { body: '', headers: {} };
      await place.run('debug', 'pause');
      await post(ready.campaignMonitorUrl, odd);
      assert.match((await place.run('show', 'd3')).out, /^Would be sent to \S+\/callback$/m);
    });

    it('writes the bytes as they came and as they are sent', async () => {
      assert.equal((await place.run('show', 'e1', '--raw')).bytes.toString(), odd);
      const [sent] = await callback.received(1);
      assert.deepEqual((await place.run('show', 'e1', '--notification')).bytes, sent?.body);
    });

    describe('of an event that raw destinations alone received', () => {
      beforeEach(async () => {
        const client = await connectToRelay(ready.dataDir);
        const { url } = callback;
        await client.request('relay/configure', { settings: { destinations: [{ url, mode: 'raw' }] } });
        client.close();
        await post(ready.campaignMonitorUrl, odd);
        await attempts(2);
      });
    });

    it('shows no more of a body than a reader gets, and says so where it is not indented', async () => {
      const deep = `{"ListID":"l","Events":[{"Type":"Update","X":${'['.repeat(15_000)}${']'.repeat(15_000)}}]}`;
      await post(ready.campaignMonitorUrl, deep);
      const nested = await place.run('show', 'd2');
      assert.match(nested.out, /\(shown unformatted: the body is nested too deeply\)\n {2}\{"ListID"/);
      assert.match(nested.out, /… \d+ more characters: cm-relay show --data-dir \S+ d2 --raw/);
      assert.ok(nested.out.length < 10_000);
      assert.equal((await place.run('show', 'd2', '--raw')).out, deep);
      await post(ready.campaignMonitorUrl, JSON.stringify({ X: '\u202e'.repeat(100_000) }));
      assert.ok((await place.run('show', 'd3')).out.length < 30_000);
    });

    it('shows the attempts with their answers', async () => {
      const { out } = await place.run('show', 'e1', '--attempts');
      assert.match(out, /n1 → \S+\/callback\n {2}attempt 1 .* 200 in .* sent\n[^]*answer/);
      const [attempt, ...others] = rows<Omit<AttemptDetail, 'answerBody'> & { answerBody: object }>(
        await place.run('show', 'e1', '--attempts', '--json'),
      );
      assert.deepEqual([attempt?.status, attempt?.answerBody, others.length], [200, { text: 'answer' }, 0]);
      await place.run('resend', 'e1');
      await attempts(2);
      const again = await place.run('show', 'e1');
      assert.match(again.out, /\n {4}attempt 1 {2}[^\n]*\n {4}attempt 2 \(resent\) /);
    });

    it('tells machines everything in one object', async () => {
      const [all] = rows<{ event: EventRow; body: object; notifications: object[]; attempts: object[] }>(
        await place.run('show', 'e1', '--json'),
      );
      assert.deepEqual([all?.event.id, all?.body], ['e1', { text: odd }]);
      assert.deepEqual([all?.notifications.length, all?.attempts.length], [1, 1]);
    });
  });

  describe('resend', () => {
    it('sends the same bytes again', async () => {
      await post(ready.campaignMonitorUrl, delivery('jane@example.org'));
      await attempts(1);
      for (const id of ['e1', 'd1', 'n1']) {
        const { code, out } = await place.run('resend', id);
        assert.deepEqual([code, out], [0, '1 notification queued for resending\n']);
      }
      const posts = await callback.received(4);
      for (const { body } of posts) assert.deepEqual(body, posts[0]?.body);
    });

    it('sends what fits a filter, to another callback where asked', async () => {
      await post(ready.campaignMonitorUrl, delivery('jane@example.org'));
      await post(ready.campaignMonitorUrl, delivery('joe@example.org', 'Update'));
      await attempts(2);
      const other = await Callback.open();
      try {
        const { out } = await place.run('resend', '--filter', 'type:update', '--to', other.url);
        assert.equal(out, '1 notification queued for resending\n');
        const [sent] = await other.received(1);
        assert.match(sent?.body.toString() ?? '', /joe@example\.org/);
        assert.equal(callback.posts.length, 2);
      } finally {
        await other.close();
      }
    });
  });

  it('mask credentials in the URL of a destination wherever they show it, as exports do', async () => {
    const client = await connectToRelay(ready.dataDir);
    const url = `${callback.url}?token=planted&page=2`;
    await client.request('relay/configure', { settings: { destinations: [{ url }] } });
    client.close();
    await post(ready.campaignMonitorUrl, delivery('jane@example.org'));
    await attempts(1);
    await place.run('debug', 'pause');
    await post(ready.campaignMonitorUrl, delivery('joe@example.org'));
    const commands = [
      ['events', '--json'],
      ['events'],
      ['show', 'e1'],
      ['show', 'e1', '--json'],
      ['show', 'e1', '--attempts'],
      ['show', 'e1', '--attempts', '--json'],
      ['status'],
      ['status', '--json'],
      ['debug', 'step', '--json'],
    ];
    for (const [command = '', ...flags] of commands) {
      const { code, out, err } = await place.run(command, ...flags);
      assert.equal(code, 0, err);
      assert.doesNotMatch(out, /planted/, command);
      if (command !== 'events' || flags.length > 0)
        assert.match(out, /token=\*{8}&page=2/, `${command} ${flags.join(' ')}`);
    }
  });

  describe('on standard output that cannot be written', () => {
    it('say so in a sentence, and fail', async () => {
      await post(ready.campaignMonitorUrl, delivery('jane@example.org'));
      const commands = [
        '--help',
        '--version',
        'events',
        'events --json',
        'status',
        'show e1 --raw',
        'export e1 --as json',
      ];
      const ended = commands.map(async (command) => {
        const args = command.startsWith('--') ? [command] : [...command.split(' '), '--data-dir', place.dataDir];
        const { code, err } = await runInShell('"$@" > /dev/full', args);
        assert.equal(code, 1, `${command}: ${err}`);
        assert.match(err, /^error: cannot write to standard output: ENOSPC[^]*\n {2}Free some disk space/, command);
        assert.doesNotMatch(err, /^ +at /m);
      });
      await Promise.all(ended);
    });
  });

  describe('debug discard', () => {
    it('gives up what waits', async () => {
      const other = new Workplace();
      try {
        await callback.close();
        const waits = other.listen(['--forward-to', callback.url, '--retry', 'fast']);
        const { campaignMonitorUrl } = await waits.ready();
        for (const name of ['jane', 'joe', 'jill']) await post(campaignMonitorUrl, delivery(`${name}@example.org`));
        const waiting = async (): Promise<number> =>
          rows(await other.run('events', '--filter', 'state:waiting', '--json')).length;
        assert.equal(await waiting(), 3);
        const one = await other.run('debug', 'discard', 'e1');
        assert.deepEqual([one.code, one.out], [0, '1 notification discarded\n']);
        assert.deepEqual(rows(await other.run('debug', 'discard', '--waiting', '--json')), [{ discarded: 2 }]);
        assert.equal(await waiting(), 0);
        const { code, err } = await other.run('debug', 'discard', '--waiting');
        assert.equal(code, 1);
        assert.match(err, /nothing to discard/);
      } finally {
        await other.close();
      }
    });
  });

  describe('export', () => {
    beforeEach(async () => {
      await post(ready.campaignMonitorUrl, delivery('jane@example.org', 'Subscribe', 'Jane Doe'), {
        authorization: 'Bearer hidden',
      });
      await attempts(1);
    });

    it('writes every other format', async () => {
      assert.match(
        (await place.run('export', 'e1', '--as', 'http')).out,
        /^### n1 of d1\nPOST http:\S+\/callback HTTP\/1\.1\n/,
      );
      const har = JSON.parse((await place.run('export', 'd1', '--as', 'har')).out) as { log: { entries: object[] } };
      assert.equal(har.log.entries.length, 2);
      const [all] = JSON.parse((await place.run('export', 'n1', '--as', 'json')).out) as { delivery: { id: string } }[];
      assert.equal(all?.delivery.id, 'd1');
    });

    it('writes to a file, and a body that a .http file cannot hold beside it', async () => {
      const lines = '{\n"Events": [{"Type":"Subscribe"}]\n}';
      await post(ready.campaignMonitorUrl, lines);
      const folder = temporaryFolder();
      const file = join(folder, 'it.http');
      const { code, out, err } = await place.run('export', 'd2', '--as', 'http', '--out', file);
      assert.deepEqual([code, out], [0, '']);
      const [, name = ''] = /\n\n< \.\/(cm-relay-[0-9a-f]{32}\.body)\n\n$/.exec(readFileSync(file, 'utf8')) ?? [];
      assert.equal(err, `Also wrote 1 body to a file: ${name}\n`);
      assert.ok(readFileSync(join(folder, name), 'utf8').includes(lines));
      assert.match((await place.run('export', 'd2', '--as', 'http')).out, /# Not written here: the body/);
      const nowhere = await place.run('export', 'd2', '--as', 'json', '--out', join(folder, 'none', 'it.json'));
      assert.equal(nowhere.code, 1);
      assert.match(nowhere.err, /cannot write .*it\.json: its folder does not exist\n[^]*--out/);
    });

    it('masks the secret of the webhook endpoint, unless it is asked for, and never shows a credential', async () => {
      const secret = /hooks\/([0-9a-f]{32})/.exec(ready.campaignMonitorUrl)?.[1] ?? '-';
      for (const format of ['curl', 'http', 'har', 'json', 'fixture']) {
        const { out } = await place.run('export', 'e1', '--as', format);
        assert.ok(!out.includes(secret) && !out.includes('hidden'), format);
      }
      const { out } = await place.run('export', 'e1', '--as', 'har', '--with-secrets');
      assert.ok(out.includes(secret));
      assert.ok(!out.includes('hidden'));
    });
  });

  describe('stop', () => {
    it('ends the relay and waits until it is gone', async () => {
      const { code, out } = await place.run('stop');
      assert.deepEqual([code, out], [0, 'Relay stopped.\n']);
      assert.equal(await listening.ended, 0);
      await assert.rejects(connectToRelay(place.dataDir), /no relay is running/);
      const again = await place.run('stop');
      assert.equal(again.code, 0);
      assert.match(again.err, /No relay is running for .*: nothing to stop/);
      assert.deepEqual(rows(await place.run('stop', '--json')), [{ stopped: false }]);
    });

    it('reaches a relay that was started in another environment, or says that it cannot', async () => {
      const [before, moved] = [mkdtempSync(join(tmpdir(), 'cmr-')), mkdtempSync(join(tmpdir(), 'cmr-'))];
      const place = new Workplace();
      try {
        const other = place.listenProcess([], { XDG_RUNTIME_DIR: before });
        const { pid } = await other.ready();
        assert.equal(rows(await place.run('status', '--json'))[0]?.['pid'], pid);
        const [folder = ''] = readdirSync(before);
        renameSync(join(before, folder), join(moved, folder));
        for (const command of ['status', 'stop', 'events']) {
          const { code, out, err } = await place.run(command);
          assert.deepEqual([code, out], [1, ''], command);
          assert.match(err, new RegExp(`a relay is running for .* \\(process ${pid}\\) but cannot be reached`));
          assert.match(err, /XDG_RUNTIME_DIR/);
        }
        renameSync(join(moved, folder), join(before, folder));
        assert.deepEqual(rows(await place.run('stop', '--json')), [{ stopped: true }]);
        assert.equal(await other.ended, 0);
      } finally {
        await place.close();
        for (const each of [before, moved]) rmSync(each, { recursive: true });
      }
    });
  });
});

describe('cm-relay without a relay', function () {
  this.timeout(180_000);

  it('says for each command that needs one how to start it', async () => {
    const place = new Workplace();
    try {
      const commands: [string, ...string[]][] = [
        ['trigger', 'subscribe'],
        ['resend', 'e1'],
        ['debug', 'discard', '--waiting'],
      ];
      for (const [command, ...args] of commands) {
        const { code, err } = await place.run(command, ...args);
        assert.equal(code, 1, command);
        assert.match(
          err,
          /^error: no relay is running for .*: start one with cm-relay listen --data-dir \S+\n {2}In another terminal, run cm-relay listen --data-dir /,
        );
      }
    } finally {
      await place.close();
    }
  });

  it('finds a sandbox in the background again, and ends it', async () => {
    const state = mkdtempSync(join(tmpdir(), 'cm-relay-state-'));
    const environment = { XDG_STATE_HOME: state };
    try {
      const port = String(await freePort());
      const first = await run(['sandbox', '--detach', '--json', '--port', port], environment);
      assert.equal(first.code, 0, first.err);
      const { pid } = JSON.parse(first.out) as { pid: number };
      for (const args of [[], ['--port', port]]) {
        const again = await run(['sandbox', '--detach', '--json', ...args], environment);
        assert.deepEqual([again.code, again.out], [0, first.out], again.err);
        assert.match(again.err, /already running/);
      }
      const own = await run(['sandbox', '--detach', '--random-credentials', '--json'], environment);
      const other = JSON.parse(own.out) as { pid: number };
      assert.notEqual(other.pid, pid);
      const nowhere = await run(['sandbox', 'stop', '--port', '1'], environment);
      assert.match(nowhere.err, /^No sandbox is running in the background on port 1\.$/m);
      const one = await run(['sandbox', 'stop', '--port', port, '--json'], environment);
      assert.deepEqual(JSON.parse(one.out), { stopped: [{ port: Number(port), pid }] });
      assert.ok(!isAlive(pid));
      assert.match((await run(['sandbox', 'stop'], environment)).out, /^Sandbox on port \d+ stopped\.\n$/);
      assert.ok(!isAlive(other.pid));
      const none = await run(['sandbox', 'stop'], environment);
      assert.deepEqual([none.code, none.out], [0, '']);
      assert.match(none.err, /^No sandbox is running in the background\.$/m);
    } finally {
      await run(['sandbox', 'stop'], environment);
      rmSync(state, { recursive: true });
    }
  });
});
