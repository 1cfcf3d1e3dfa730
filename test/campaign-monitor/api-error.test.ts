import assert from 'node:assert/strict';
import { CampaignMonitorError } from '../../src/campaign-monitor/api-error.ts';
import { inGerman } from '../common/in-german.ts';

describe('An error of Campaign Monitor', () => {
  it('says what happened in the user’s language, with the vendor’s own words and their number', () => {
    const details = { code: 100, status: 401, said: 'Invalid API Key.' };
    const error = inGerman(() => new CampaignMonitorError('bad-api-key', details));
    assert.equal(error.message, 'Campaign Monitor hat diesen API-Schlüssel abgelehnt: Invalid API Key (Code 100)');
    assert.match(error.next, /^Verwenden Sie /);
  });

  it('asks for a new sign-in for every one that no longer counts', () => {
    for (const kind of ['invalid-token', 'expired-token', 'revoked-token'] as const) {
      const error = new CampaignMonitorError(kind);
      assert.deepEqual([error.next, error.needsSignIn], ['Sign in to Campaign Monitor again.', true]);
    }
  });
});
