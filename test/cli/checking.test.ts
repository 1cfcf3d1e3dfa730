import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { targetOf } from '../../src/cli/checking.ts';
import { UsageError } from '../../src/cli/errors.ts';
import { temporaryFolder } from '../relay/afterward.ts';

const url = 'http://localhost:3000/callback';

/** What a file with these destinations is refused with, and what to do. */
async function refused(
  destinations: readonly object[],
  destination?: string,
): Promise<{ message: string; next: string | undefined }> {
  const config = join(temporaryFolder(), 'file.json');
  writeFileSync(config, JSON.stringify({ destinations }));
  try {
    await targetOf(undefined, { config, ...(destination !== undefined && { destination }) }, {});
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error;
  }
  return assert.fail('accepted');
}

describe('A destination of a file that cannot be used', () => {
  it('names what it lacks, and where to define it', async () => {
    const noCredentials = await refused([{ url, credentialsName: 'staging' }]);
    assert.match(noCredentials.message, /credentials "staging", which the file does not define$/);
    assert.equal(noCredentials.next, 'Define "staging" under credentials in the file, or correct the name.');
    const noKey = await refused([{ url, signatureKeyName: 'mine' }]);
    assert.match(noKey.message, /key "mine", which the file does not define$/);
    assert.equal(noKey.next, 'Define "mine" under signatureKeys in the file, or correct the name.');
  });

  it('is told with those that are there', async () => {
    const { message, next } = await refused([{ id: 'staging', url }, { url: 'http://localhost:4000/' }], 'other');
    assert.equal(message, '--destination other: no such destination in --config');
    assert.equal(next, 'Available: staging, http://localhost:4000/');
  });
});
