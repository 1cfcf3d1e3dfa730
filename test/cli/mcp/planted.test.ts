import assert from 'node:assert/strict';
import type { Client } from '@modelcontextprotocol/client';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../relay/afterward.ts';
import { Callback, post, Workplace } from '../harness.ts';
import { planted, spellings } from './plantings.ts';
import { connectAssistant } from './connect.ts';

/** Numbers what is planted. */
let number = 0;

/** An event with a way of writing in each of its fields, as JSON. */
function eventWith(spelling: (n: number) => string): string {
  const text = (): string => `"${spelling(++number)}"`;
  return `{"Type":${text()},"Date":${text()},"EmailAddress":${text()},"OldEmailAddress":${text()},"Name":${text()},
    "SignupIPAddress":${text()},"State":${text()},"Extra":${text()},"List":[${text()},{"Deep":${text()}}],${text()}:1,
    "CustomFields":[{"Key":${text()},"Value":${text()}},{"Key":"Favorite color","Value":${text()},${text()}:${text()}}]}`;
}

describe('an assistant, of addresses that were planted in every field in every way of writing', function () {
  this.timeout(240_000);
  let place: Workplace;
  let callback: Callback;
  let clients: Client[];

  beforeEach(async () => {
    place = new Workplace();
    callback = await Callback.open();
    clients = [];
  });
  afterEach(async () => {
    for (const client of clients) await client.close();
    await place.close();
    await callback.close();
  });

  async function connect(...flags: string[]): Promise<Client> {
    const client = await connectAssistant(place.dataDir, ...flags);
    clients.push(client);
    return client;
  }

  async function ask(client: Client, name: string, given: Record<string, unknown> = {}): Promise<string> {
    const { content } = await client.callTool({ name, arguments: given });
    return content.map((part) => (part.type === 'text' ? part.text : '')).join('');
  }

  async function tellsNone(client: Client, name: string, given: Record<string, unknown>): Promise<string> {
    const text = await ask(client, name, given);
    assert.equal(planted(text), undefined, `${name} ${JSON.stringify(given)}`);
    return text;
  }

  it('is told none', async () => {
    assert.ok(Object.keys(spellings).length > 26);
    const { campaignMonitorUrl, openConnectorsUrl } = await place
      .listen(['--forward-to', callback.url, '--retry', 'none'])
      .ready();
    let expected = 0;
    for (const [index, spelling] of Object.values(spellings).entries()) {
      const text = (): string => spelling(++number);
      callback.status = [400, 500, 200, 302][index % 4] ?? 200;
      callback.answer = {
        body: `{"to":"${text()}","${text()}":1,"error":{"message":"${text()}"}}`,
        headers: {
          'content-type': 'application/json',
          location: encodeURI(`https://x.example.org/${text()}`),
          etag: encodeURI(text()),
        },
      };
      const headers = {
        'user-agent': encodeURI(text()),
        'x-note': encodeURI(text()),
        [`x-qzk${++number}w%40qzk1v.example.org`]: '1',
      };
      await post(campaignMonitorUrl, `{"ListID":"${text()}","Events":[${eventWith(spelling)}]}`, headers);
      await callback.received((expected += 1));
      const xml = encodeURI(text()).replaceAll('&', '&amp;').replaceAll('%22', '');
      const elements = `<E Id="${xml}">${xml}</E><Odd.Name>${xml}</Odd.Name>`;
      await post(
        campaignMonitorUrl,
        `<Webhook><Events><Event><EmailAddress>${xml}</EmailAddress>${elements}</Event></Events></Webhook>`,
        headers,
      );
      await callback.received((expected += 1));
      const objects = `[{"eventType":"${text()}","objectId":"${text()}","date":"${text()}","objectType":"${text()}"}]`;
      await post(
        openConnectorsUrl,
        `{"topic":"${text()}","user":"${text()}","message":{"eventId":"${text()}","instanceName":"${text()}","raw":{"ListID":"${text()}"},"events":${objects}}}`,
        headers,
      );
      await callback.received((expected += 1));
      // None of these is taken, and the reason quotes it.
      await post(campaignMonitorUrl, text(), headers);
      await post(campaignMonitorUrl, `<${text()}`, headers);
      await post(campaignMonitorUrl, `{"${text()}":["${text()}"],"Events":"${text()}"}`, headers);
    }
    const count = Object.keys(spellings).length * 6;
    for (const client of [await connect(), await connect('--allow-bodies')]) {
      const rows = await tellsNone(client, 'events', { limit: 100 });
      assert.match(rows, /"id": ?"e\d+"/);
      for (let id = 1; id <= count; id++)
        for (const name of ['event', 'attempts', 'why_failed', 'render']) {
          const text = await tellsNone(client, name, { id: `e${id}` });
          if (name === 'event') assert.match(text, /^Event e\d+ of delivery d\d+\./);
        }
    }
    // What isn't an address is shown.
    const [without, withBodies] = [await connect(), await connect('--allow-bodies')];
    assert.match(await ask(withBodies, 'event', { id: 'e1' }), /OldEmailAddress/);
    assert.doesNotMatch(await ask(without, 'event', { id: 'e1' }), /OldEmailAddress/);
  });

  it('is told none of a destination’s URL', async () => {
    const urls = Object.values(spellings).map((spelling) => {
      const text = encodeURI(JSON.parse(`"${spelling(++number)}"`) as string).replaceAll('#', '%23');
      return `${callback.url}/${text}?to=${text}`;
    });
    // Each URL of a relay is another destination.
    const flags = urls.flatMap((url) => ['--forward-to', url]);
    const { campaignMonitorUrl } = await place.listen([...flags, '--retry', 'none']).ready();
    await post(campaignMonitorUrl, '{"Events":[{"Type":"Subscribe","EmailAddress":"jane@example.org"}]}');
    await callback.received(urls.length);
    await place.run('wait', '--filter', 'state:sent');
    for (const client of [await connect(), await connect('--allow-bodies')]) {
      assert.match(await tellsNone(client, 'status', {}), /"url":"http:\/\/127\.0\.0\.1:\d+\/address-/);
      for (const name of ['event', 'attempts', 'why_failed', 'render']) await tellsNone(client, name, { id: 'e1' });
    }
  });

  it('is told of a delivery with a thousand odd addresses, and how much was left out', async () => {
    const { campaignMonitorUrl } = await place.listen(['--forward-to', callback.url, '--retry', 'none']).ready();
    const odd = Object.values(spellings);
    const events = Array.from({ length: 1000 }, (_each, index) => {
      const spelling = odd[index % odd.length] ?? json;
      return `{"Type":"Subscribe","EmailAddress":"${spelling(++number)}","Name":"${spelling(++number)}"}`;
    });
    await post(campaignMonitorUrl, `{"ListID":"96c0bbdaa54760c8d9e62a2b7ffa2e13","Events":[${events.join(',')}]}`);
    await callback.received(50);
    const client = await connect('--allow-bodies');
    for (const name of ['event', 'render', 'attempts']) {
      const text = await tellsNone(client, name, { id: 'e1' });
      if (name !== 'attempts') assert.match(text, /\\"Type\\":\\"Subscribe\\"/);
      if (name !== 'attempts') assert.match(text, /… \(\d+ characters omitted\) …/);
    }
    const rows = await tellsNone(client, 'events', { limit: 100 });
    assert.match(rows, /"id": ?"e1000"/);
    assert.match(rows, /"type": ?"Subscribe"/);
  });

  it('is told how a callback responded, and the body by flags alone', async () => {
    const { campaignMonitorUrl } = await place.listen(['--forward-to', callback.url, '--retry', 'none']).ready();
    callback.status = 400;
    callback.answer = {
      body: '{"error":{"message":"no such list"},"jane@example.org":1}',
      headers: { 'content-type': 'application/json' },
    };
    await post(campaignMonitorUrl, '{"Events":[{"Type":"Subscribe","EmailAddress":"jane@example.org"}]}');
    await place.run('wait', '--filter', 'state:failed');
    const without = await connect();
    const anonymized = await connect('--allow-bodies');
    const whole = await connect('--allow-bodies', '--addresses');
    for (const name of ['attempts', 'why_failed']) {
      const response = await ask(without, name, { id: 'e1' });
      assert.match(response, /"status":400|"lastStatus":400/);
      assert.match(response, /\["content-type","application\/json"\]/i);
      assert.doesNotMatch(response, /message|no such list|jane/);
      const body = await ask(anonymized, name, { id: 'e1' });
      assert.match(body, /\{\\"error\\":\{\\"message\\":\\"Text 1\\"\}/);
      assert.doesNotMatch(body, /no such list|jane/);
      assert.match(await ask(whole, name, { id: 'e1' }), /no such list\\"\},\\"jane@example\.org/);
    }
  });

  it('is told nothing by a scenario that a callback’s answer says, but by these flags', async () => {
    await place.listen(['--forward-to', callback.url]).ready();
    callback.answer = { body: '{"to":"qzk1w@qzk1v.example.org"}', headers: { 'content-type': 'application/json' } };
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'one.cm-scenario.json');
    const steps = [{ send: { sample: 'Subscribe' }, expect: { answer: 'answer.body == "never"' } }];
    writeFileSync(file, JSON.stringify({ scenarios: [{ name: 'says back', steps }] }));
    for (const client of [await connect('--allow-write'), await connect('--allow-write', '--allow-bodies')]) {
      const text = await tellsNone(client, 'scenario', { file });
      assert.match(text, /says back/);
      assert.match(text, /"actual":"200"/);
    }
    const whole = await connect('--allow-write', '--allow-bodies', '--addresses');
    assert.match(await ask(whole, 'scenario', { file }), /qzk1w/);
  });
});

function json(n: number): string {
  return `qzk${n}w@qzk${n}v.example.org`;
}
