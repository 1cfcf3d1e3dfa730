import assert from 'node:assert/strict';
import { callbackWords, reasonOf } from '../../../src/extension/event-editor/reason.ts';
import type { Reason } from '../../../src/extension/event-editor/messages.ts';
import { startReceiver } from '../../relay/receiver.ts';
import { sampleBody, startTestRelay, type TestRelay } from '../../relay/stage.ts';
import { until } from '../../relay/until.ts';
import { around } from '../events/rows.ts';
import { rowContextOf } from '../../../src/extension/events/event-words.ts';

function said(body: string, type = 'text/plain'): string {
  return callbackWords({ answerBody: Buffer.from(body).toString('base64'), answerHeaders: [['Content-Type', type]] });
}

async function reason(relay: TestRelay, id = 'e1'): Promise<Reason | null> {
  const status = await relay.client.request('relay/status', {});
  const known = rowContextOf(status, { nameOfList: () => undefined }, 'en');
  return reasonOf(await relay.client.request('events/get', { id }), known);
}

describe('What a callback says of a failure', () => {
  it('is the reason of its JSON, wherever that usually stands', () => {
    assert.equal(said('{"code":7,"message":"no such list"}', 'application/json'), 'no such list');
    assert.equal(said('{"error":{"message":"boom","stack":"…"}}', 'application/json'), 'boom');
    assert.equal(said('{"title":"Bad Request","status":400}', 'application/problem+json'), 'Bad Request');
    assert.equal(said('"just this"', 'application/json'), 'just this');
    assert.equal(said('{"taken":false}', 'application/json'), '{"taken":false}');
  });

  it('is the text of its page, without what is not read', () => {
    const page = `<!DOCTYPE html>\n<html lang="en"><head><title>Error</title><style>p { color: red }</style></head>
      <body><pre>TypeError: x is &lt;undefined&gt;<br> &nbsp; at /app/server.js:7:9</pre></body></html>`;
    assert.equal(said(page, 'text/html'), 'TypeError: x is <undefined> at /app/server.js:7:9');
    assert.equal(said('<h1>no</h1>', 'text/html'), 'no');
    assert.equal(said('<head>'.repeat(10_000), 'text/html'), '');
  });
});

describe('The reason on top of an event', () => {
  it('of a failure is the status, the callback’s own words and what to do', async () => {
    const receiver = await startReceiver({ answer: { status: 500, body: '{"message":"no such list"}' } });
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }], retry: 'none' } });
    await relay.deliver(sampleBody());
    await relay.drained();
    const advice = 'The callback failed. See its answer and log for the reason.';
    assert.deepEqual(await reason(relay), {
      ...{ what: `500 from ${receiver.url}`, words: 'no such list', advice, tone: 'bad' },
    });
    receiver.answer({ status: 302, headers: { location: 'http://127.0.0.1/login' } });
    await relay.deliver(sampleBody());
    await relay.drained();
    assert.match((await reason(relay, 'e2'))?.words ?? '', /a redirect to http:\/\/127.0.0.1\/login/);
    receiver.answer({ status: 200 });
    await relay.deliver(sampleBody());
    await relay.drained();
    assert.equal(await reason(relay, 'e3'), null);
  });

  it('of what waits for a callback that does not run is the error, and that it is to be started', async () => {
    const receiver = await startReceiver();
    await receiver.stop();
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    await relay.deliver(sampleBody());
    await until(async () => (await relay.client.request('relay/status', {})).destinations[0]?.state === 'down');
    const down = await reason(relay);
    assert.equal(down?.what, `No answer from ${receiver.url}`);
    assert.match(down.words, /ECONNREFUSED/);
    assert.equal(down.advice, 'Start the callback, or correct its URL and port.');
    assert.equal(down.tone, 'busy');
  });

  it('of a retry is the last answer; of what is held, who holds it; of a rejected delivery, why', async () => {
    const receiver = await startReceiver({ answer: { status: 503, body: 'busy' } });
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }], retry: 'sap' } });
    await relay.deliver(sampleBody());
    await until(async () => (await reason(relay)) !== null);
    const retrying = await reason(relay);
    assert.deepEqual([retrying?.words, retrying?.tone], ['busy', 'busy']);
    await relay.client.request('debug/pause', { by: { kind: 'terminal', id: '12' } });
    await relay.deliver(sampleBody());
    const held = await relay.client.request('events/get', { id: 'e2' });
    assert.match(reasonOf(held, around({}))?.words ?? '', /held: sending is paused/);
    await relay.deliver('not JSON');
    const rejected = await reason(relay, 'e3');
    assert.equal(rejected?.what, 'The relay answered 400');
    assert.match(rejected.words, /neither JSON nor XML/);
  });
});
