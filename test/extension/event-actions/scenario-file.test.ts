import assert from 'node:assert/strict';
import { SecretMask } from '../../../src/common/masking.ts';
import { runScenario } from '../../../src/check/run.ts';
import { expressionsOfFile } from '../../../src/check/scenario-expressions.ts';
import { readScenarioText } from '../../../src/check/scenario-file.ts';
import { newRun, sourcesOf } from '../../../src/check/sources.ts';
import { toFixture } from '../../../src/export/fixture.ts';
import type { ExportItem } from '../../../src/export/item.ts';
import { scenarioFile } from '../../../src/extension/event-actions/scenario-file.ts';
import type { EventRow } from '../../../src/protocol/history.ts';
import { eventRow } from '../events/rows.ts';
import { startReceiver } from '../../relay/receiver.ts';
import { sampleBody } from '../../relay/stage.ts';

function row(given: Partial<EventRow>): EventRow {
  return eventRow(1, given);
}

async function fixtureOf(...bodies: string[]): Promise<string> {
  const items = bodies.map((body, index) => ({
    delivery: { id: `d${index + 1}`, source: 'campaign-monitor', receivedAt: '', httpStatus: 200 },
    headers: [['Content-Type', 'application/json']],
    body: Buffer.from(body),
    events: [],
    notifications: [],
    webhookEndpoint: null,
  }));
  let text = '';
  for await (const piece of toFixture(items as unknown as ExportItem[])) text += piece;
  return text;
}

describe('A scenario made of a selection', () => {
  it('names deliveries by their ids, once each, and is a file of scenarios', () => {
    const rows = [row({}), row({ id: 'e2', deliveryId: 'd2', type: 'Update' }), row({ id: 'e3' })];
    const { scenarios } = readScenarioText(scenarioFile('takes what came', rows, null));
    assert.deepEqual(
      scenarios[0]?.steps.map((step) => ('send' in step ? [step.name, step.send] : step)),
      [
        ['d1: 2 × Subscribe', { event: 'd1' }],
        ['d2: Update', { event: 'd2' }],
      ],
    );
  });

  it('holds the chosen events of a delivery, replaced, and sends them', async () => {
    const body = sampleBody({ events: 3, email: 'real.person@company.example' });
    const rows = [
      row({ id: 'e1', inDelivery: { position: 1, of: 3 } }),
      row({ id: 'e3', inDelivery: { position: 3, of: 3 } }),
    ];
    const text = scenarioFile('takes two', rows, await fixtureOf(body));
    assert.doesNotMatch(text, /real\.person/);
    const file = readScenarioText(text);
    for (const read of expressionsOfFile(file)) read();
    const receiver = await startReceiver();
    const result = await runScenario(file.scenarios[0]!, {
      target: {
        url: new URL(receiver.url),
        headers: [],
        signatureKey: undefined,
        timeoutMs: 10_000,
        insecureTls: false,
        mask: new SecretMask([]),
      },
      probe: null,
      kept: null,
      sources: sourcesOf({ folder: null, fromHistory: null }),
      run: newRun(),
      settling: { mostMs: 100, quietMs: 10 },
      signal: new AbortController().signal,
    });
    assert.equal(result.outcome, 'passed', JSON.stringify(result.reason));
    const [sent] = await receiver.received(1);
    const { message } = JSON.parse(sent!.body.toString()) as { message: { events: unknown[] } };
    assert.equal(message.events.length, 2);
  });

  it('names by its id what a scenario cannot hold: XML, test calls, what the platform sent', async () => {
    const rows = [row({}), row({ id: 'e2', deliveryId: 'd2', kind: 'test', type: null })];
    const text = scenarioFile('takes them', rows, await fixtureOf('<Events/>', '{"Events":[]}'));
    assert.deepEqual(
      readScenarioText(text).scenarios[0]?.steps.map((step) => ('send' in step ? step.send : step)),
      [{ event: 'd1' }, { event: 'd2' }],
    );
  });

  it('keeps names within what a file of scenarios takes', () => {
    const long = 'x'.repeat(500);
    assert.doesNotThrow(() => readScenarioText(scenarioFile(long, [row({ type: long })], null)));
  });
});
