import assert from 'node:assert/strict';
import { toJson } from '../../src/export/json.ts';
import { inClear, item, options, secret, vendorBody, whole } from './sample.ts';

interface Exported {
  delivery: { id: string };
  body: object;
  headers: [string, string][];
  notifications: { id: string; destination: string; body: object; attempts: { answerBody: object }[] }[];
}

describe('an export as JSON', () => {
  it('holds everything about each delivery', async () => {
    const text = await whole(toJson([item({}, 'http://localhost/cb?token=t'), item()], options));
    const [first, second] = JSON.parse(text) as Exported[];
    assert.deepEqual(first?.body, { text: vendorBody });
    assert.equal(first.delivery.id, 'd7');
    assert.equal(first.notifications[0]?.destination, 'http://localhost/cb?token=********');
    assert.deepEqual(first.notifications[0].body, { text: '{"id":"1"}' });
    assert.deepEqual(first.notifications[0].attempts[0]?.answerBody, { text: 'broken' });
    assert.deepEqual(second?.notifications, []);
  });

  it('masks secrets, unless they are asked for', async () => {
    assert.ok(!(await whole(toJson([item()], options))).includes(secret));
    assert.ok((await whole(toJson([item()], inClear))).includes(secret));
  });
});
