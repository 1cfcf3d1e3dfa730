import assert from 'node:assert/strict';
import {
  fieldRows,
  filtersOf,
  nameOfDestination,
  stateOfDestination,
} from '../../../src/extension/destinations/destination-words.ts';
import type { DestinationStatus } from '../../../src/protocol/status.ts';

const names = { nameOfList: (id: string): string | undefined => (id === 'a1' ? 'Newsletter' : undefined) };
const url = 'http://127.0.0.1:3000/callback';

function statusOf(changes: Partial<DestinationStatus>): DestinationStatus {
  return {
    ...{ destinationId: 't1', url, mode: 'normalized', configured: true, state: 'up', detail: null, waiting: 0 },
    ...{ retrying: 0, failed: 0, lastStatus: 200, underWay: [] },
    ...changes,
  };
}

function state(changes: Partial<DestinationStatus>, sending: 'flowing' | 'paused' = 'flowing'): string {
  return stateOfDestination(statusOf(changes), { state: sending });
}

describe('The words for a destination', () => {
  it('are its URL without the query, and what tells it from another of the same', () => {
    const name = (destination: { url: string; id?: string; mode?: 'raw' }, others: { url: string }[]): string =>
      nameOfDestination(destination, others);
    const secret = { url: `${url}?token=planted` };
    assert.equal(name(secret, [secret]), url);
    assert.equal(name(secret, [secret, { url }]), `${url} (?token)`);
    assert.equal(name({ url, id: 'test' }, [{ url }, { url }]), `${url} (test)`);
    assert.equal(name({ url, mode: 'raw' }, [{ url }, { url }]), `${url} (raw)`);
  });

  it('say how it is, and what waits', () => {
    assert.equal(state({}), 'Ready');
    assert.equal(state({ waiting: 3 }), '3 waiting');
    assert.equal(state({ state: 'down', detail: 'refused\n', waiting: 1 }), 'down: refused\\x0a · 1 waiting');
    assert.equal(state({ state: 'held', detail: null }), 'held');
    assert.equal(state({ waiting: 1, timeoutLifted: true }), '1 waiting · at a breakpoint, no timeout');
    assert.equal(state({ configured: false, waiting: 2 }), 'removed from the settings · 2 waiting');
    assert.equal(state({}, 'paused'), 'sending is paused');
    assert.equal(state({ state: 'untried', lastStatus: null }), 'not yet tried');
    assert.equal(state({ state: 'untried', lastStatus: null, waiting: 2 }), '2 waiting');
    assert.equal(state({ waiting: 3 }, 'paused'), 'sending is paused · 3 waiting');
    assert.equal(state({ state: 'down', detail: 'refused' }, 'paused'), 'down: refused · sending is paused');
    assert.equal(stateOfDestination(undefined, undefined), '');
  });

  it('say what the last attempts came to until one is accepted, and how many are being retried', () => {
    const failing = { state: 'failing', lastStatus: 500 } as const;
    assert.equal(state({ ...failing, failed: 6 }), '6 failed, last 500');
    assert.equal(state({ ...failing, retrying: 2, waiting: 2 }), '2 retrying, last 500');
    assert.equal(
      state({ ...failing, failed: 1, retrying: 2, waiting: 5 }),
      '1 failed, 2 retrying, last 500 · 3 waiting',
    );
    assert.equal(state({ ...failing, lastStatus: null, failed: 1 }), '1 failed, no response');
    assert.equal(state({ ...failing, failed: 1 }, 'paused'), 'sending is paused · 1 failed, last 500');
    assert.equal(state({ retrying: 2, waiting: 2 }), '2 retrying');
    const down = { state: 'down', detail: 'refused', lastStatus: null } as const;
    assert.equal(state({ ...down, failed: 6, waiting: 1 }), 'down: refused · 6 failed · 1 waiting');
    // Under a policy that charges attempts, nothing waits for it.
    assert.equal(state({ ...down, detail: null, failed: 1 }), 'down · 1 failed');
  });

  it('say what goes there, lists by name', () => {
    assert.equal(filtersOf({ url }, names), '');
    assert.equal(
      filtersOf({ url, mode: 'raw', types: ['Subscribe', 'Update'], lists: ['a1', 'b2'] }, names),
      'raw deliveries · Subscribe, Update · Newsletter, b2',
    );
    assert.deepEqual(
      fieldRows({ url, lists: ['a1'], credentialsName: 'prod' }, names).map(({ value }) => value),
      [url, 'Open Connectors notifications', 'all', 'Newsletter (a1)', 'unsigned', 'prod'],
    );
    const [, format] = fieldRows({ url, mode: 'raw' }, names);
    assert.deepEqual(format, { field: 'mode', label: 'Format', value: 'Campaign Monitor’s own bytes (raw)' });
  });
});
