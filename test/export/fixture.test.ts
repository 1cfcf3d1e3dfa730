import assert from 'node:assert/strict';
import { toFixture } from '../../src/export/fixture.ts';
import { item, secret, whole } from './sample.ts';

interface Fixture {
  fixture: string;
  deliveries: {
    format: string;
    headers: [string, string][];
    body: { Events: Record<string, unknown>[]; ListID: string };
  }[];
}

describe('an export as a fixture', () => {
  it('holds the delivery and nothing personal', async () => {
    const rejected = item({
      delivery: { ...item().delivery, status: 'rejected', reason: "unexpected o'brien@example.com" },
    });
    const text = await whole(toFixture([item({}, 'http://localhost:3000/cb'), rejected]));
    for (const original of ["o'brien", "O'Brien", '96c0bbda', secret, 'relay.example.org', 'localhost']) {
      assert.ok(!text.includes(original), original);
    }
    const { deliveries, ...rest } = JSON.parse(text) as Fixture;
    assert.deepEqual(rest, { fixture: 'cm-relay', version: 1 });
    const [first, second] = deliveries;
    assert.deepEqual(first?.body, {
      Events: [
        { Type: 'Subscribe', Date: '2026-01-15 09:30:00', EmailAddress: 'person1@example.org', Name: 'Person 1' },
      ],
      ListID: '00000000000000000000000000000001',
    });
    assert.deepEqual(second?.body, first.body, 'the same originals have the same replacements');
    assert.deepEqual(first.headers[1], ['Content-Type', 'application/json']);
    assert.deepEqual(first.headers[0], ['Host', '********']);
  });
});
