import assert from 'node:assert/strict';
import { explainTestFailure } from '../../src/campaign-monitor/test-failure.ts';

const documented = {
  FailureStatus: 'ProtocolError',
  FailureResponseMessage: 'NotFound',
  FailureResponseCode: 404,
  FailureResponse: '',
};

describe('explainTestFailure', () => {
  it('reads the documented result data, its code a number or a string', () => {
    for (const code of [404, '404']) {
      assert.deepEqual(explainTestFailure({ ...documented, FailureResponseCode: code }), {
        kind: 'wrong-address',
        httpStatus: 404,
        answer: '',
      });
    }
  });

  it('tells what the status of an answer means', () => {
    const kindOf = (code: number): string => explainTestFailure({ ...documented, FailureResponseCode: code }).kind;
    assert.deepEqual([405, 502, 503, 530, 401, 511, 302, 500, 418].map(kindOf), [
      'wrong-address',
      'relay-gone',
      'relay-gone',
      'relay-gone',
      'guarded',
      'guarded',
      'redirected',
      'answered',
      'answered',
    ]);
  });

  it('tells why no answer came', () => {
    const kindOf = (word: string): string =>
      explainTestFailure({ ...documented, FailureStatus: word, FailureResponseCode: 0 }).kind;
    assert.deepEqual(
      ['Timeout', 'NameResolutionFailure', 'ConnectFailure', 'TrustFailure', 'ReceiveFailure', 'connect_failure'].map(
        kindOf,
      ),
      ['too-slow', 'unknown-host', 'not-reachable', 'bad-certificate', 'connection-lost', 'not-reachable'],
    );
  });

  it('passes on what it does not know, and bears anything', () => {
    assert.deepEqual(
      explainTestFailure({ FailureStatus: 'Sunspots', FailureResponseMessage: 'again', FailureResponseCode: null }),
      { kind: 'unexplained', word: 'Sunspots', message: 'again' },
    );
    for (const data of [undefined, null, 7, 'text', [], {}]) {
      assert.deepEqual(explainTestFailure(data), { kind: 'unexplained', word: null, message: '' });
    }
    for (const word of ['constructor', '__proto__', 'toString']) {
      assert.equal(explainTestFailure({ FailureStatus: word }).kind, 'unexplained');
    }
  });
});
