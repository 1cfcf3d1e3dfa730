import assert from 'node:assert/strict';
import { toHar } from '../../src/export/har.ts';
import { inClear, item, options, secret, vendorBody, whole } from './sample.ts';

interface Har {
  log: {
    version: string;
    creator: { name: string; version: string };
    entries: {
      startedDateTime: string;
      time: number;
      request: { method: string; url: string; postData: { text: string; _encoding?: string }; queryString: unknown };
      response: { status: number; content: { text: string; size: number }; _error?: string };
      timings: object;
      cache: object;
    }[];
  };
}

const har = async (...given: Parameters<typeof toHar>): Promise<Har> => JSON.parse(await whole(toHar(...given))) as Har;

describe('an export as HAR', () => {
  it('holds the delivery and each attempt', async () => {
    const { log } = await har([item({}, 'http://localhost:3000/cb?a=b')], options);
    assert.deepEqual([log.version, log.creator], ['1.2', { name: 'Campaign Monitor Relay', version: '1.2.3' }]);
    const [received, sent] = log.entries;
    assert.equal(received?.request.postData.text, vendorBody);
    assert.equal(received.response.status, 200);
    assert.equal(sent?.request.url, 'http://localhost:3000/cb?a=b');
    assert.deepEqual(sent.request.queryString, [{ name: 'a', value: 'b' }]);
    assert.equal(sent.request.postData.text, '{"id":"1"}');
    assert.deepEqual([sent.time, sent.response.status, sent.response.content.text], [12, 500, 'broken']);
    assert.equal(sent.response._error, 'answered 500');
    assert.equal(log.entries.length, 2);
  });

  it('masks secrets, unless they are asked for', async () => {
    assert.ok(!(await whole(toHar([item()], options))).includes(secret));
    assert.ok((await whole(toHar([item()], inClear))).includes(secret));
  });
});
