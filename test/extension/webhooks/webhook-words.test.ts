import assert from 'node:assert/strict';
import type { Webhook } from '../../../src/campaign-monitor/answers.ts';
import { explainTestFailure, testFailureText } from '../../../src/campaign-monitor/test-failure.ts';
import { testWords } from '../../../src/extension/webhooks/test-words.ts';
import { descriptionOf, labelOf, spokenOf } from '../../../src/extension/webhooks/webhook-words.ts';

function hook(changes: Partial<Webhook> = {}): Webhook {
  return {
    ...{ webhookId: '1', listId: '2', events: ['Subscribe', 'Update', 'Deactivate'], format: 'json' },
    ...{ url: 'https://a.example/hooks/0123456789abcdef0123456789abcdef/campaign-monitor' },
    ...{ active: true, status: 'Active' },
    ...changes,
  };
}

describe('the words for a webhook', () => {
  it('say where it points to, what for, and its state where that is unusual', () => {
    assert.equal(labelOf(hook().url, 'current'), 'This relay');
    assert.equal(labelOf('https://neighbor.example/x', 'foreign'), 'neighbor.example');
    assert.equal(labelOf('nonsense', 'foreign'), 'Invalid URL');
    assert.equal(descriptionOf(hook()), 'all events · JSON · https://a.example/hooks/0123…/campaign-monitor');
    assert.equal(
      descriptionOf(hook({ active: false, status: 'Inactive', events: ['Update'], format: null })),
      'inactive · Update · https://a.example/hooks/0123…/campaign-monitor',
    );
    assert.match(spokenOf(hook(), 'old'), /^Old URL of this machine, active, all events, JSON, /);
  });
});

describe('why a test failed', () => {
  const failures: [resultData: object, why: string][] = [
    [
      { FailureStatus: 'ProtocolError', FailureResponseCode: 404 },
      'The server returned 404: the path in the webhook’s URL is wrong',
    ],
    [
      { FailureStatus: 'ProtocolError', FailureResponseCode: '502' },
      'A tunnel or proxy returned 502: the server behind it isn’t available',
    ],
    [{ FailureStatus: 'ProtocolError', FailureResponseCode: 401 }, 'A tunnel or proxy returned 401: it denied access'],
    [
      { FailureStatus: 'ProtocolError', FailureResponseCode: 302 },
      'The server returned 302, a redirect that isn’t followed',
    ],
    [{ FailureStatus: 'ProtocolError', FailureResponseCode: 500 }, 'The server returned 500'],
    [{ FailureStatus: 'Timeout' }, 'The request timed out'],
    [{ FailureStatus: 'NameResolutionFailure' }, 'The host in the webhook’s URL doesn’t exist'],
    [{ FailureStatus: 'ConnectFailure' }, 'Nothing is listening at the webhook’s URL'],
    [{ FailureStatus: 'TrustFailure' }, 'The host’s certificate isn’t trusted'],
    [{ FailureStatus: 'ReceiveFailure' }, 'The connection closed before an answer arrived'],
    [{ FailureStatus: 'Odd', FailureResponseMessage: 'words' }, 'Odd: words'],
    [{}, 'Campaign Monitor gave no reason'],
  ];

  for (const [resultData, why] of failures) {
    it(`is said, with what to do next: ${why}`, () => {
      for (const place of ['current', 'asleep', 'stopped', 'old', 'other', 'foreign'] as const) {
        const failure = explainTestFailure(resultData);
        assert.equal(testFailureText(failure), why);
        assert.match(testWords(failure, place).next, /\.$/);
      }
    });
  }

  it('leads to a step that helps where there is one', () => {
    const failure = explainTestFailure({ FailureStatus: 'ConnectFailure' });
    assert.equal(testWords(failure, 'old').step, 'move');
    assert.equal(testWords(failure, 'asleep').step, 'open-public-url');
    assert.equal(testWords(failure, 'stopped').step, 'start');
    assert.equal(testWords(failure, 'foreign').step, 'none');
  });
});
