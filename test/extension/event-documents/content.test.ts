import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { sampleDeliveries, toXml } from '../../../src/campaign-monitor/samples.ts';
import type { DocumentKind } from '../../../src/extension/events/address.ts';
import { mainNotification, readableBody, readDocument } from '../../../src/extension/event-documents/content.ts';
import type { RelayClient } from '../../../src/protocol/relay-client.ts';
import { hostileDelivery, hostileJson } from '../../export/hostile-json.ts';
import { startReceiver } from '../../relay/receiver.ts';
import { sampleBody, startTestRelay } from '../../relay/stage.ts';
import { until } from '../../relay/until.ts';
import { useVscodeStandIn } from '../vscode-stand-in.ts';
import { plainTexts } from './texts.ts';

const subscribe = readFileSync(new URL('../../fixtures/campaign-monitor/subscribe.json', import.meta.url), 'utf8');

function read(client: RelayClient, eventId: string, kind: DocumentKind, attempt: number | null = null) {
  return readDocument(client, { eventId, kind, attempt }, plainTexts);
}

describe('A body to read', () => {
  const bytes = (text: string): Buffer => Buffer.from(text);

  it('is indented where it is JSON', () => {
    assert.deepEqual(readableBody(bytes('{"a":1}'), 'text/plain'), { text: '{\n  "a": 1\n}', extension: 'json' });
  });

  it('is text where it is neither, broken JSON included', () => {
    assert.deepEqual(readableBody(bytes('{"a":'), 'application/json'), { text: '{"a":', extension: 'txt' });
    assert.deepEqual(readableBody(bytes(''), null), { text: '', extension: 'txt' });
  });

  it('is read in the character set that it names', () => {
    assert.equal(
      readableBody(Buffer.from('{"a":"é"}', 'latin1'), 'application/json; charset=iso-8859-1').extension,
      'json',
    );
    const xml = Buffer.from('<?xml version="1.0" encoding="iso-8859-1"?><a>é</a>', 'latin1');
    assert.match(readableBody(xml, null).text, /<a>é<\/a>/);
    assert.equal(readableBody(Buffer.from('\ufeff{"a":1}', 'utf16le'), null).extension, 'json');
  });

  it('is as it came, as text, where it is nested too deeply or too long to be indented', () => {
    const deep = `{"a":${'['.repeat(15_000)}${']'.repeat(15_000)}}`;
    assert.deepEqual(readableBody(bytes(deep), null), { text: deep, extension: 'txt', notice: { kind: 'deep' } });
    const long = `{"a":"${'b'.repeat(2_000_000)}"}`;
    assert.deepEqual(readableBody(bytes(long), null), { text: long, extension: 'txt', notice: { kind: 'long' } });
  });

  it('never grows beyond a bound', () => {
    fc.assert(
      fc.property(fc.oneof(hostileDelivery, hostileJson), fc.boolean(), (json, isText) => {
        const body = isText ? bytes(json) : Buffer.concat([bytes(json), Buffer.from([0xff])]);
        assert.ok(readableBody(body, null).text.length <= 5 * body.length + 70_000);
      }),
      { numRuns: 40 },
    );
  });

  it('is not shown where it is not text, but how many bytes it has, and which', () => {
    assert.deepEqual(readableBody(Buffer.from([0x41, 0xff, 0x00, 0x42]), null), {
      text: '',
      extension: 'txt',
      notice: { kind: 'binary', bytes: 4, sha256: 'd4572837549a' },
    });
    const [one, other] = [0x42, 0x43].map((last) => readableBody(Buffer.from([0x41, 0xff, 0x00, last]), null));
    assert.notDeepEqual(one, other);
  });
});

describe('The text for a binary body', () => {
  useVscodeStandIn();

  it('tells two bodies of the same length apart, so that they can be compared', async () => {
    const { documentTexts } = await import('../../../src/extension/event-documents/event-documents.ts');
    const relay = await startTestRelay();
    const headers = { 'Content-Type': 'application/octet-stream' };
    for (const last of [0x42, 0x43]) await relay.deliver(Buffer.from([0x41, 0xff, 0x00, last]), headers);
    const [one, other] = await Promise.all(
      ['e1', 'e2'].map((eventId) =>
        readDocument(relay.client, { eventId, kind: 'body', attempt: null }, documentTexts()),
      ),
    );
    assert.equal(one?.text, '# 4 bytes of binary data (SHA-256: d4572837549a…)\n\n');
    assert.match(other?.text ?? '', /^# 4 bytes of binary data \(SHA-256: [0-9a-f]{12}…\)\n\n$/);
    assert.notEqual(one.text, other?.text);
  });
});

describe('Documents about one event', () => {
  it('show the body, the notification and the event itself, indented', async () => {
    const { url } = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url }] } });
    const { client } = relay;
    await relay.deliver(subscribe);
    assert.deepEqual(await read(client, 'e1', 'body'), {
      text: JSON.stringify(JSON.parse(subscribe), null, 2),
      extension: 'json',
    });
    const notification = await read(client, 'e1', 'notification');
    assert.match(notification.text, /^ {2}"topic": "instance-0-campaignmonitor-events",$/m);
    assert.equal(notification.extension, 'json');
    const event = JSON.parse((await read(client, 'e1', 'event')).text) as { EmailAddress: string };
    assert.equal(event.EmailAddress, 'test@example.org');
  });

  it('show each event of a batch, in XML too', async () => {
    const relay = await startTestRelay();
    const { client } = relay;
    const [sample] = sampleDeliveries({ types: ['Subscribe'], count: 1, batch: 3 });
    assert.ok(sample);
    await relay.deliver(toXml(sample.body), { 'Content-Type': 'text/xml' });
    assert.equal((await read(client, 'e1', 'body')).extension, 'xml');
    for (const [i, { EmailAddress }] of sample.body.Events.entries()) {
      const event = JSON.parse((await read(client, `e${i + 1}`, 'event')).text) as { EmailAddress: string };
      assert.equal(event.EmailAddress, EmailAddress);
    }
  });

  it('show the answer of each attempt, without its credentials', async () => {
    const { url } = await startReceiver({
      answer: (_, number) => ({
        status: number === 1 ? 500 : 200,
        headers: { 'content-type': 'application/json', 'set-cookie': 'session=hush' },
        body: number === 1 ? '{"error":"no ``` today"}' : '',
      }),
    });
    const relay = await startTestRelay({ settings: { destinations: [{ url }], retry: 'none' } });
    const { client } = relay;
    await relay.deliver(sampleBody());
    await until(async () => (await client.request('relay/status', {})).counts.failed === 1);
    await client.request('notifications/replay', { ids: ['e1'] });
    await until(async () => (await client.request('relay/status', {})).counts.sent === 1);
    const [first, second] = [await read(client, 'e1', 'answer', 1), await read(client, 'e1', 'answer', 2)];
    assert.match(first.text, /^Said 500\n[^]*"error": "no ``` today"\n\}\n$/);
    assert.match(second.text, /^Said 200\n/);
    assert.match(second.text, /^set-cookie: \*{8}$/m);
    assert.doesNotMatch(second.text, /hush/);
  });
});

describe('The notification that stands for an event', () => {
  it('is what Open Connectors would send, before the bytes as they came', async () => {
    const [one, two] = [await startReceiver(), await startReceiver()];
    const relay = await startTestRelay({
      settings: { destinations: [{ url: one.url, mode: 'raw' }, { url: two.url }] },
    });
    const { client } = relay;
    await relay.deliver(subscribe);
    const { notifications } = await client.request('events/get', { id: 'e1' });
    assert.equal(notifications.length, 2);
    assert.equal(mainNotification([...notifications].reverse())?.kind, 'normalized');
    assert.equal(mainNotification(notifications.filter(({ kind }) => kind === 'raw'))?.kind, 'raw');
    assert.equal(mainNotification([]), undefined);
    // What was sent stands before what no destination receives.
    await client.request('relay/configure', { settings: { destinations: [{ url: one.url, mode: 'raw' }] } });
    await relay.deliver(subscribe);
    assert.equal(mainNotification((await client.request('events/get', { id: 'e2' })).notifications)?.kind, 'raw');
  });
});
