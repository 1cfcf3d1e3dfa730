import assert from 'node:assert/strict';
import type { Client } from '@modelcontextprotocol/client';
import { Callback, Workplace } from '../harness.ts';
import { connectAssistant } from './connect.ts';

describe('an assistant that is told of a batch', function () {
  this.timeout(180_000);
  let place: Workplace;
  let callback: Callback;
  let client: Client;

  beforeEach(async () => {
    place = new Workplace();
    callback = await Callback.open();
    await place.listen(['--forward-to', callback.url, '--retry', 'none']).ready();
    client = await connectAssistant(place.dataDir);
  });
  afterEach(async () => {
    await client.close();
    await place.close();
    await callback.close();
  });

  async function ask(
    name: string,
    given: Record<string, unknown> = {},
  ): Promise<{ said: string; data: unknown; length: number }> {
    const { content, isError } = await client.callTool({ name, arguments: given });
    const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('');
    assert.notEqual(isError, true, text);
    const [, , data = ''] = /<(untrusted-[0-9a-f]{16})>\n([^]*)\n<\/\1>$/.exec(text) ?? [];
    return { said: text.split('\n')[0] ?? '', data: JSON.parse(data) as unknown, length: data.length };
  }

  /** One delivery of so many events, in parts of 20, taken or refused by now. */
  async function batch(events: number, status: Callback['status']): Promise<void> {
    callback.status = status;
    await place.run('trigger', 'subscribe', '--batch', String(events), '--seed', '7');
    await callback.received(Math.ceil(events / 20));
    assert.equal((await place.run('wait', '--count', String(events), '--filter', 'state:sent,failed')).code, 0);
  }

  it('is told the beginning and the end of a large one, and how much is omitted', async () => {
    await client.close();
    client = await connectAssistant(place.dataDir, '--allow-bodies');
    await batch(1000, 200);
    const event = (await ask('event', { id: 'd1' })).data as {
      delivery: { request: { body: string } };
      notifications: object[];
    };
    const { body } = event.delivery.request;
    assert.ok(body.split('"EmailAddress"').length > 50, body.slice(0, 300));
    assert.match(body, /… \(\d{6} characters omitted\) …/);
    assert.equal(event.notifications.length, 50);

    const rendered = await ask('render', { id: 'd1' });
    assert.match(rendered.said, /^Notification n1, part 1 of 50\./);
    assert.match((rendered.data as { request: { body: string } }).request.body, /"objectType":"contacts"/);
  });
});

describe('the status for an assistant', function () {
  this.timeout(180_000);

  it('says how the relay stands, without a secret URL, and that none runs', async () => {
    const place = new Workplace();
    const callback = await Callback.open();
    try {
      const relay = place.listen(['--forward-to', `${callback.url}?to=jane@example.org`]);
      const { campaignMonitorUrl } = await relay.ready();
      const client = await connectAssistant(place.dataDir);
      const status = async (): Promise<{ said: string; text: string }> => {
        const { content } = await client.callTool({ name: 'status', arguments: {} });
        const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('');
        return { said: text.split('\n')[0] ?? '', text };
      };
      try {
        await callback.close();
        await place.run('trigger', 'subscribe');
        await place.run('wait', '--filter', 'state:waiting');
        await place.run('debug', 'pause');
        const { said, text } = await status();
        assert.match(said, /^A relay is running\. Sending is paused\./);
        assert.match(text, /"state":"down",.*"downSince":"20/);
        assert.match(text, /"tunnel":\{"kind":"none","state":"closed"/);
        assert.ok(!text.includes(campaignMonitorUrl.split('/')[4] ?? '-'), text);
        assert.ok(!text.includes('jane@'), text);
        await relay.end();
        assert.match((await status()).said, /^No relay is running\. You can still read the history\./);
      } finally {
        await client.close();
      }
    } finally {
      await place.close();
    }
  });
});
