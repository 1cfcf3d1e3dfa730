import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Headers } from '../../src/protocol/history.ts';
import { maxAttempts, type RetryPolicy } from '../../src/common/retry-policies.ts';
import { judge } from '../../src/common/retry-verdict.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const answer = (status: number, headers: Headers = []): Parameters<typeof judge>[0] => ({
  kind: 'answer',
  status,
  headers,
});
const unreachable: Parameters<typeof judge>[0] = { kind: 'unreachable', error: 'connect ECONNREFUSED 127.0.0.1:9' };

/** The pauses, in seconds, that a policy leaves between attempts that all end the same way. */
function pauses(policy: RetryPolicy, result: Parameters<typeof judge>[0]): number[] {
  const seconds: number[] = [];
  for (let attempt = 1; ; attempt++) {
    const verdict = judge(result, policy, attempt, now);
    if (verdict.outcome !== 'retrying') {
      assert.equal(verdict.outcome, 'failed');
      assert.equal(attempt, maxAttempts(policy));
      return seconds;
    }
    seconds.push(verdict.delayMs / 1000);
  }
}

describe('judging an attempt', () => {
  const documented: Record<RetryPolicy, number[]> = {
    fast: [1, 2, 4, 8, 16],
    sap: [8, 64, 512, 4096, 32768],
    'cloud-elements': [4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144],
    none: [],
  };

  it('retries 408, 425, 429 and every 5xx, and nothing else that answers', () => {
    for (let status = 300; status < 600; status++) {
      const verdict = judge(answer(status), 'fast', 1, now);
      const retried = status >= 500 || [408, 425, 429].includes(status);
      assert.equal(verdict.outcome, retried ? 'retrying' : 'failed', String(status));
      assert.match('detail' in verdict ? verdict.detail : '', new RegExp(`answered ${status}`));
    }
  });

  it('fails a redirect, saying where it led and that redirects are not followed', () => {
    const verdict = judge(answer(302, [['Location', 'https://other.example/x']]), 'fast', 1, now);
    assert.deepEqual(verdict, {
      outcome: 'failed',
      detail: 'answered 302, a redirect to https://other.example/x: redirects are not followed',
    });
    assert.match(JSON.stringify(judge(answer(308), 'sap', 1, now)), /a redirect: redirects are not followed/);
    for (const [location, said] of [
      ['https://jane:planted@other.example/x?token=planted#planted', 'https://other.example/x'],
      ['//jane:planted@other.example/x', '//other.example/x'],
      ['https:\\\\jane:planted@other.example', 'https:\\\\other.example'],
      ['/@jane/sign-in?token=planted', '/@jane/sign-in'],
      ['https://planted@other.example/x;jsessionid=planted', 'https://other.example/x'],
    ] as const) {
      const { detail } = judge(answer(302, [['Location', location]]), 'fast', 1, now) as { detail: string };
      assert.equal(detail, `answered 302, a redirect to ${said}: redirects are not followed`);
    }
  });

  it('calls a destination that cannot be reached down under fast, at any attempt, and an attempt under the others', () => {
    for (const attempt of [1, 6, 60])
      assert.deepEqual(judge(unreachable, 'fast', attempt, now), { outcome: 'down', detail: unreachable.error });
    assert.deepEqual(pauses('sap', unreachable), documented.sap);
    assert.deepEqual(pauses('cloud-elements', unreachable), documented['cloud-elements']);
    assert.equal(judge(unreachable, 'none', 1, now).outcome, 'failed');
  });

  const delayAfter = (retryAfter: string, status = 429): number => {
    const verdict = judge(answer(status, [['Retry-After', retryAfter]]), 'fast', 1, now);
    assert.ok(verdict.outcome === 'retrying');
    return verdict.delayMs;
  };

  it('waits as long as Retry-After asks, in seconds or as a date, but not less than the policy', () => {
    assert.equal(delayAfter('30'), 30_000);
    assert.equal(delayAfter(' 7 ', 503), 7000);
    assert.equal(delayAfter('0'), 1000);
    assert.equal(delayAfter('Thu, 01 Jan 2026 00:02:00 GMT'), 120_000);
    assert.equal(delayAfter('Wed, 31 Dec 2025 00:00:00 GMT'), 1000);
  });

  it('gives for any Retry-After a pause between the policy’s and an hour', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.nat().map(String), fc.date().map(String)), (value) => {
        const delay = delayAfter(value);
        assert.ok(delay >= 1000 && delay <= 3_600_000, `${value}: ${delay}`);
      }),
    );
  });
});
