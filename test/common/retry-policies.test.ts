import assert from 'node:assert/strict';
import { maxAttempts, retryDelays, retryPolicies } from '../../src/common/retry-policies.ts';
import settings from '../../package.json' with { type: 'json' };

describe('the retry policies', () => {
  it('make as many attempts as their vendors document', () => {
    assert.deepEqual(Object.fromEntries(retryPolicies.map((policy) => [policy, maxAttempts(policy)])), {
      fast: 6,
      sap: 6,
      'cloud-elements': 10,
      none: 1,
    });
    assert.deepEqual(retryDelays.sap, [8000, 64_000, 512_000, 4_096_000, 32_768_000]);
    assert.deepEqual(retryDelays['cloud-elements'].slice(0, 3), [4000, 16_000, 64_000]);
  });

  it('are those that the extension offers', () => {
    const offered = settings.contributes.configuration.flatMap(
      ({ properties }) => properties['campaignMonitorRelay.retryPolicy']?.enum ?? [],
    );
    assert.deepEqual(offered, retryPolicies);
  });
});
