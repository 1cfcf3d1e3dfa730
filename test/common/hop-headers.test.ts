import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as send } from 'node:http';
import { isHopHeader } from '../../src/common/hop-headers.ts';
import { isCredentialHeader } from '../../src/protocol/credential-headers.ts';
import { startReceiver } from '../relay/receiver.ts';

describe('headers of one hop', () => {
  it('are those of the connection and of the bytes on the wire, in any case', () => {
    for (const name of ['Connection', 'TE', 'transfer-encoding', 'Host', 'Content-Length', 'Expect', 'Accept-Encoding'])
      assert.ok(isHopHeader(name), name);
  });

  it('are none of what a notification says of itself', () => {
    for (const name of [
      'content-type',
      'elements-webhook-id',
      'elements-webhook-signature',
      'user-agent',
      'x-forwarded-for',
      'authorization',
      'traceparent',
    ])
      assert.ok(!isHopHeader(name), name);
    assert.ok(isHopHeader('proxy-authorization') && isCredentialHeader('proxy-authorization'));
  });

  it('hold all that a client of Node adds by itself', async () => {
    const receiver = await startReceiver();
    const request = send(receiver.url, { method: 'POST', headers: { 'Content-Type': 'text/plain' } });
    request.end('body');
    const [answer] = (await once(request, 'response')) as [NodeJS.ReadableStream];
    answer.resume();
    const [received] = await receiver.received(1);
    const rest = (received?.headers ?? []).map(([name]) => name.toLowerCase()).filter((name) => !isHopHeader(name));
    assert.deepEqual(rest, ['content-type']);
  });
});
