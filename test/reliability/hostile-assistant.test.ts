/** Deliveries that are costly to be told: the memory of the server that an assistant asks, as the system counts it. */
import assert from 'node:assert/strict';
import { post, Workplace } from '../cli/harness.ts';
import { connectAssistantProcess } from '../cli/mcp/connect.ts';
import { highestMemory } from '../relay/processes.ts';

/** What the server may take, whatever it tells of: resident memory, in bytes. */
const mostResident = 600_000_000;

const most = 5_000_000;

const event = (more: object): string =>
  JSON.stringify({ Type: 'Subscribe', Date: '2026-01-15 09:30:00', EmailAddress: 'jane@example.com', ...more });

/** Bodies of as many bytes as may be. */
const bodies: Readonly<Record<string, string>> = {
  'addresses that are written oddly': `{"Events":[${event({ Name: '\\u0040a@b.c "x y"@d.e '.repeat(most / 30) })}]}`,
  'escapes that stand for escapes': `{"Events":[${event({ Name: '%25%32%35&amp;amp;\\\\u0025'.repeat(most / 40) })}]}`,
  'custom fields by the hundred thousand': `{"Events":[${event({
    CustomFields: Array.from({ length: 80_000 }, (_, i) => ({ Key: `k${i}`, Value: `${i}@example.com` })),
  })}]}`,
  'thousands of events': `{"Events":[${Array.from({ length: 3_000 }, (_, i) => event({ Name: `${i} <${i}@x.y>` })).join()}]}`,
};

describe('What an assistant asks of hostile deliveries', function () {
  this.timeout(300_000);

  it('keeps the memory of its server within its bound', async () => {
    const place = new Workplace();
    let assistant: Awaited<ReturnType<typeof connectAssistantProcess>> | undefined;
    try {
      const { campaignMonitorUrl } = await place.listen().ready();
      assistant = await connectAssistantProcess(place.dataDir, '--allow-bodies');
      const { client, pid } = assistant;
      let id = 1;
      for (const [what, body] of Object.entries(bodies)) {
        assert.equal(await post(campaignMonitorUrl, body), 200, what);
        for (const name of ['event', 'render', 'attempts', 'why_failed']) {
          const { content } = await client.callTool({ name, arguments: { id: `e${id}` } }, { timeout: 120_000 });
          const [part] = content;
          assert.ok(part?.type === 'text' && !/example\.com|@[a-z]\.[a-z]/.test(part.text), `${name}: ${what}`);
        }
        await client.callTool({ name: 'events', arguments: {} }, { timeout: 120_000 });
        id += (JSON.parse(body) as { Events: unknown[] }).Events.length;
      }
      const peak = pid === null ? null : highestMemory(pid);
      if (peak !== null) assert.ok(peak < mostResident, `${peak} bytes of memory`);
    } finally {
      await assistant?.client.close();
      await place.close();
    }
  });
});
