import assert from 'node:assert/strict';
import { ErrorCodes } from 'vscode-jsonrpc/node';
import {
  hasRelayErrorCode,
  isRefusal,
  NoAnswerError,
  relayErrorCodeOf,
  relayErrorNumberOf,
  RelayRequestError,
} from '../../src/protocol/errors.ts';
import type { RelayErrorCode } from '../../src/protocol/errors.ts';
import { StoreError } from '../../src/relay/log/database.ts';
import { FilterError } from '../../src/protocol/event-filter.ts';
import { NotFoundError } from '../../src/relay/history/history.ts';

/** As relays of every version have sent them. */
const numbers: Readonly<Record<RelayErrorCode, number>> = {
  'invalid-params': ErrorCodes.InvalidParams,
  'unknown-method': ErrorCodes.MethodNotFound,
  internal: ErrorCodes.InternalError,
  'not-found': 1001,
  conflict: 1002,
  'store-failed': 1003,
  'no-answer': 1100,
  'connection-lost': ErrorCodes.PendingResponseRejected,
};

describe('the codes of errors', () => {
  it('have the numbers that they always had, and are read from them again', () => {
    for (const [code, number] of Object.entries(numbers)) {
      assert.equal(relayErrorNumberOf({ code }), number, code);
      assert.equal(relayErrorCodeOf(number), code);
    }
  });

  it('are in the errors of the relay and in what clients are told of them alike', () => {
    const errors = [
      [new NotFoundError('e7'), 'not-found'],
      [new FilterError('x'), 'invalid-params'],
      [new StoreError('x', 'make-room'), 'store-failed'],
      [new NoAnswerError('/data', 4711), 'no-answer'],
    ] as const;
    for (const [error, code] of errors) {
      assert.ok(hasRelayErrorCode(error, code), error.name);
      const told = RelayRequestError.of(error.message, relayErrorNumberOf(error), { advice: error.advice });
      assert.ok(hasRelayErrorCode(told, code));
      assert.equal(told.next, error.next);
      assert.equal(isRefusal(told), code !== 'no-answer');
    }
    assert.ok(!hasRelayErrorCode({ code: 'not-found' }, 'not-found'), 'no error');
  });
});
