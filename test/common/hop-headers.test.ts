import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as send } from 'node:http';
import { isHopHeader } from '../../src/common/hop-headers.ts';
import { startReceiver } from '../relay/receiver.ts';

describe('headers of one hop', () => {
  it('are those of the connection and of the bytes on the wire, in any case', () => {
    for (const name of ['Connection', 'TE', 'transfer-encoding', 'Host', 'Content-Length', 'Expect', 'Accept-Encoding'])
      assert.ok(isHopHeader(name), name);
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
