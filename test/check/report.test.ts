import assert from 'node:assert/strict';
import { counts, detailLines, toJUnit, type Reported } from '../../src/check/report.ts';
import { readXml } from '../../src/campaign-monitor/xml.ts';

function reported(more: Partial<Reported>): Reported {
  return {
    suite: 'check',
    id: 'twice',
    title: 'The same <event> twice',
    outcome: 'passed',
    reason: null,
    why: 'It comes twice & more.',
    platform: 'It may.',
    mend: 'Keep each eventId.',
    ms: 12,
    steps: [],
    ...more,
  };
}

const failed = reported({
  outcome: 'failed',
  reason: 'contacts: expected +1, got +2',
  steps: [
    {
      title: 'one event, twice',
      sent: 2,
      p50Ms: 1,
      p99Ms: 2,
      examples: [],
      findings: [
        { verdict: 'met', what: 'the answers', expected: '2xx', actual: '200 (twice)' },
        { verdict: 'unmet', what: 'contacts', expected: '+1', actual: '+2 \u0000"quoted"' },
      ],
    },
  ],
});

describe('A report', () => {
  it('says of a failed one what was sent, what came of it, why it matters and what to do', () => {
    assert.deepEqual(detailLines(failed, 80), [
      'sent:      one event, twice (2 requests)',
      'expected:  contacts: +1',
      'got:       +2 \u0000"quoted"',
      'why:       It comes twice & more.',
      'platform:  It may.',
      'fix:       Keep each eventId.',
    ]);
    const long = reported({ outcome: 'failed', why: 'word '.repeat(40).trim(), platform: null, mend: null });
    const lines = detailLines(long, 40);
    assert.ok(lines.length > 3 && lines.every((line) => line.length <= 40), lines.join('\n'));
    assert.match(lines[1] ?? '', /^ {11}word/);
  });

  it('is JUnit XML that can be read whatever is in it', () => {
    const results = [
      failed,
      reported({ id: 'b' }),
      reported({ id: 'c', outcome: 'undecided', reason: 'no probe' }),
      reported({ suite: 'a "file"', id: 'd', outcome: 'skipped', reason: 'no key' }),
    ];
    const text = toJUnit(results);
    assert.equal(readXml(text).kind, 'read', text);
    assert.match(text, /<testsuites name="cm-relay" tests="4" failures="1" errors="0" skipped="2">/);
    assert.match(text, /<testcase classname="check" name="twice: The same &#60;event&#62; twice" time="0.012">/);
    assert.match(text, /<failure message="contacts: expected \+1, got \+2">sent: {6}one event/);
    assert.match(text, /<skipped message="undecided: no probe"\/>/);
    assert.ok(!text.includes('\u0000'));
    assert.deepEqual(counts(results), { passed: 1, failed: 1, undecided: 1, skipped: 1 });
  });
});
