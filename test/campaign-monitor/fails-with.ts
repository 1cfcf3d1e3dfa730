import assert from 'node:assert/strict';
import { CampaignMonitorError, type CampaignMonitorErrorKind } from '../../src/campaign-monitor/api-error.ts';

/** Asserts what a call fails with, and gives the error back. */
export async function failsWith(call: Promise<unknown>, kind: CampaignMonitorErrorKind): Promise<CampaignMonitorError> {
  const error: unknown = await call.then(
    () => assert.fail(`resolved instead of ${kind}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof CampaignMonitorError, String(error));
  assert.equal(error.kind, kind, error.message);
  assert.ok(error.next !== '');
  return error;
}
