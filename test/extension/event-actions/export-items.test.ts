import assert from 'node:assert/strict';
import { editableBody } from '../../../src/extension/event-documents/content.ts';
import { formats as allFormats, type ExportFormat } from '../../../src/export/gather.ts';
import { exportText } from '../../../src/extension/event-actions/export-items.ts';
import { sampleDeliveries, toXml } from '../../../src/campaign-monitor/samples.ts';
import { startReceiver } from '../../relay/receiver.ts';
import { sampleBody, startTestRelay } from '../../relay/stage.ts';

const formats = Object.keys(allFormats) as ExportFormat[];
const version = '1.2.3';

describe('Export from the extension', () => {
  it('holds no secret in any format', async () => {
    const receiver = await startReceiver({ answer: { headers: { 'set-cookie': 'planted-in-answer' } } });
    const relay = await startTestRelay({
      settings: { destinations: [{ url: `${receiver.url}?api_key=planted-in-url`, credentialsName: 'mine' }] },
      secrets: { credentials: { mine: { Authorization: 'planted-one', 'X-Odd-Name': 'planted-two' } } },
    });
    const { client, secret } = relay;
    await relay.deliver(sampleBody(), { Cookie: 'planted-in-request' });
    await relay.deliver('rubbish');
    await relay.drained();
    assert.equal(receiver.requests[0]?.header('x-odd-name'), 'planted-two');
    const { events } = await client.request('events/query', {});
    for (const format of formats) {
      const text = await exportText(client, events, format, { version });
      assert.doesNotMatch(text ?? '', /planted/, format);
      assert.ok(!text?.includes(secret), format);
    }
  });

  it('has one request for each destination, also where they have one URL, with its own headers and attempts', async () => {
    const { url } = await startReceiver();
    const relay = await startTestRelay({
      settings: { destinations: [{ url }, { url, id: 'signed', signatureKeyName: 'k' }] },
      secrets: { signatureKeys: { k: 'key' } },
    });
    await relay.deliver(sampleBody());
    await relay.drained();
    const text = await exportText(relay.client, [{ id: 'e1', deliveryId: 'd1' }], 'json', { version });
    const [exported] = JSON.parse(text ?? '') as {
      notifications: { destinationId: string; headers: [string, string][]; attempts: { destinationId: string }[] }[];
    }[];
    assert.deepEqual(
      exported?.notifications.map(({ destinationId, headers, attempts }) => [
        destinationId,
        headers.some(([name]) => name === 'Elements-Webhook-Signature'),
        attempts.map((each) => each.destinationId),
      ]),
      [
        ['t1', false, ['t1']],
        ['signed', true, ['signed']],
      ],
    );
  });

  it('keeps a body that a .http file cannot hold in a file beside, and has none on the clipboard', async () => {
    const { url } = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url }] } });
    const lines = '{\n"Events": [{"Type":"Subscribe"}]\n}';
    await relay.deliver(lines);
    const events = [{ id: 'e1', deliveryId: 'd1' }];
    const kept: string[] = [];
    const keepBody = (body: Uint8Array): Promise<string> => {
      kept.push(Buffer.from(body).toString());
      return Promise.resolve('a.body');
    };
    assert.match(
      (await exportText(relay.client, events, 'http', { version, keepBody })) ?? '',
      /\n\n< \.\/a\.body\n\n$/,
    );
    assert.ok(kept[0]?.includes(lines));
    assert.match((await exportText(relay.client, events, 'http', { version })) ?? '', /# Not written here: the body/);
  });

  it('replaces everything personal in a fixture', async () => {
    const relay = await startTestRelay();
    const { client } = relay;
    await relay.deliver(sampleBody({ email: 'real.person@company.test' }));
    const text = await exportText(client, [{ id: 'e1', deliveryId: 'd1' }], 'fixture', { version });
    assert.match(text ?? '', /"fixture": "cm-relay"/);
    assert.doesNotMatch(text ?? '', /real\.person|company\.test/);
  });
});

describe('A body to edit', () => {
  const [sample] = sampleDeliveries({ types: ['Update'], count: 1, batch: 2 });
  assert.ok(sample);

  it('is the JSON equivalent of XML', () => {
    const delivery = { source: 'campaign-monitor', contentType: 'text/xml' } as const;
    assert.deepEqual(JSON.parse(editableBody(delivery, Buffer.from(toXml(sample.body)))), sample.body);
  });
});
