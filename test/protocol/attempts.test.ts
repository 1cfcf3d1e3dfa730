import assert from 'node:assert/strict';
import { attemptAdvice, replaysAmong } from '../../src/protocol/attempts.ts';

type Found = Parameters<typeof replaysAmong>[0];
type Tried = Found['attempts'][number];

const way = { notificationId: 'n1', destinationId: 't1' };

/** Attempts two seconds apart, each when it is due, or as the test says. */
function attempts(...all: readonly Partial<Tried>[]): Tried[] {
  return all.map((changes, i) => ({
    ...way,
    number: i + 1,
    at: new Date(i * 2000).toISOString(),
    outcome: 'retrying',
    nextAttemptAt: new Date(i * 2000 + 2000).toISOString(),
    ...changes,
  }));
}

/** The numbers of those that replays began, where the forwarding stands like that. */
function replays(tried: readonly Tried[], stands: { readonly attempts: number; readonly ofRound: number }): number[] {
  const notifications = [{ id: 'n1', forwardings: [{ destinationId: 't1', ...stands }] }];
  return [...replaysAmong({ notifications, attempts: tried })].map(({ number }) => number);
}

describe('An attempt', () => {
  it('is of a replay where a round had ended before it', () => {
    const over = { outcome: 'failed', nextAttemptAt: null } as const;
    const all = attempts({}, over, {}, { outcome: 'sent', nextAttemptAt: null }, {});
    assert.deepEqual(replays(all, { attempts: 5, ofRound: 1 }), [3, 5]);
  });

  it('of the last round is known by where that began, however early it came and whatever is left out before it', () => {
    const early = attempts({}, { at: new Date(1000).toISOString() }, { at: new Date(1500).toISOString() });
    assert.deepEqual(replays(early, { attempts: 3, ofRound: 2 }), [2]);
    assert.deepEqual(replays(early.slice(1), { attempts: 3, ofRound: 2 }), [2]);
    assert.deepEqual(replays(early, { attempts: 3, ofRound: 3 }), []);
    // A replay whose first attempt is still to come.
    assert.deepEqual(replays(attempts({}), { attempts: 1, ofRound: 0 }), []);
  });

  it('that failed says what to do', () => {
    const advice = (status: number | null, error: string | null = null): string => attemptAdvice({ status, error });
    assert.match(advice(null, 'connect ECONNREFUSED 127.0.0.1:3000'), /Start the callback/);
    assert.match(advice(null, 'getaddrinfo ENOTFOUND nowhere'), /host name/);
    assert.match(advice(null, 'no answer within 10000 ms'), /answer first/);
    assert.match(advice(null, 'Response does not match the HTTP/1.1 protocol (Invalid status code)'), /valid HTTP/);
    assert.match(
      advice(null, 'Response body length does not match … (UND_ERR_RES_CONTENT_LENGTH_MISMATCH)'),
      /valid HTTP/,
    );
    assert.match(advice(null, 'self-signed certificate: to accept this certificate, set …'), /certificate/);
    assert.match(advice(null, 'error:0A00010B:…:wrong version number (ERR_SSL_WRONG_VERSION_NUMBER)'), /http or https/);
    assert.match(advice(302), /URL it redirects to/);
    assert.match(advice(404), /path/);
    assert.match(advice(500), /answer and log/);
    assert.match(advice(418), /callback’s answer for the reason/);
  });
});
